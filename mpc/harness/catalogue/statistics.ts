import * as division from '../../src/numbers/divide.ts'
import * as regression from '../../src/numbers/regression.ts'
import * as statistics from '../../src/numbers/statistics.ts'
import {
  between,
  both,
  covarianceOf,
  mean,
  reals,
  SHAPES,
  sizeOfShape,
  withFlags,
  type Input,
  type Operation,
  type Shape
} from './operation.ts'

const ULP = 2 ** -16
const LARGEST = 2 ** 20
const real = (values: number[], columns: number, magnitude: number): Input => ({
  values,
  magnitude,
  fraction: 16,
  columns
})
const orNaN = (v: number): number => (Number.isFinite(v) && Math.abs(v) < LARGEST ? v : NaN)
/** The docstrings of divisions and roots: truncation error and 1 in the last place, and 2^-34 of the value. */
const rounded = (v: number, { truncation }: { truncation: number }, at = 0): number =>
  at === 1 ? 0 : (truncation + 1) * ULP + Math.abs(v) * 2 ** -34
const ofTwo = (random: () => number, shape: Shape): Input[] => {
  const { count, columns } = sizeOfShape(shape)
  const small = shape === 'scalar' ? 0 : 1
  const divisors = reals(random, count - small, 30).map(v => (v === 0 ? 1 : v))
  return [
    real(reals(random, count, 1000), columns, 10),
    real([...divisors, ...(small === 1 ? [random() < 0.5 ? 0 : ULP] : [])], columns, 5)
  ]
}
const nonNegative = (random: () => number, shape: Shape): Input[] => {
  const { count, columns } = sizeOfShape(shape)
  const values = reals(random, count, 0.5).map(v => Math.round(2 ** (24 * (v + 0.5))) / 2 ** 12)
  if (shape !== 'scalar') values[0] = random() < 0.5 ? 0 : -3
  return [real(values, columns, 13)]
}
const data = (random: () => number, shape: Shape): Input[] => {
  const { count, columns } = sizeOfShape(shape === 'scalar' ? 'vector' : shape)
  return [real(reals(random, count, 200), columns, 8)]
}
const related = (random: () => number): Input[] => {
  const x = reals(random, 12, 100)
  const [slope, noise] = [between(random, -2, 2), between(random, 1, 30)]
  const y = x.map(v => Math.round((slope * v + 5 + between(random, -noise, noise)) * 2 ** 16) / 2 ** 16)
  return [real(x, 1, 7), real(y, 1, 8)]
}
const moments = (x: readonly number[], y: readonly number[]): { vx: number; vy: number; cov: number; r: number } => {
  const [vx, vy, cov] = [covarianceOf(x, x), covarianceOf(y, y), covarianceOf(x, y)]
  return { vx, vy, cov, r: cov / Math.sqrt(vx * vy) }
}

export const statisticsOperations: readonly Operation[] = [
  {
    name: 'numbers/divide.divide',
    shapes: SHAPES,
    inputs: ofTwo,
    run: (party, [a, b]) => both(division.divide(party, a!, b!)),
    expected: ([a, b]) => withFlags(a!.map((v, i) => orNaN(v / b![i]!))),
    bound: rounded,
    slow: true
  },
  {
    name: 'numbers/divide.reciprocal',
    shapes: SHAPES,
    inputs: (random, shape) => ofTwo(random, shape).slice(1),
    run: (party, [b]) => both(division.reciprocal(party, b!)),
    expected: ([b]) => withFlags(b!.map(v => orNaN(1 / v))),
    bound: rounded,
    slow: true
  },
  {
    name: 'numbers/divide.sqrt',
    shapes: SHAPES,
    inputs: nonNegative,
    run: (party, [x]) => both(division.sqrt(party, x!)),
    expected: ([x]) => withFlags(x!.map(v => (v < 0 ? NaN : Math.sqrt(v)))),
    bound: rounded,
    slow: true
  },
  {
    name: 'numbers/divide.inverseSqrt',
    shapes: SHAPES,
    inputs: nonNegative,
    run: (party, [x]) => both(division.inverseSqrt(party, x!)),
    expected: ([x]) => withFlags(x!.map(v => (v <= 0 ? NaN : 1 / Math.sqrt(v)))),
    bound: rounded,
    slow: true
  },
  {
    name: 'numbers/statistics.mean',
    shapes: SHAPES,
    inputs: data,
    run: async (party, [x]) => [await statistics.mean(party, x!)],
    expected: ([x]) => [[mean(x!)]],
    bound: rounded
  },
  {
    name: 'numbers/statistics.variance',
    shapes: SHAPES,
    inputs: data,
    run: async (party, [x]) => [
      await statistics.variance(party, x!),
      await statistics.variance(party, x!, { ddof: 1 })
    ],
    expected: ([x]) => {
      const v = covarianceOf(x!, x!)
      return [[v], [(v * x!.length) / (x!.length - 1)]]
    },
    bound: (v, precision) => rounded(v, precision) + Math.abs(v) * 1e-12
  },
  {
    name: 'numbers/statistics.std',
    shapes: SHAPES,
    inputs: data,
    run: (party, [x]) => both(statistics.std(party, x!)),
    expected: ([x]) => withFlags([Math.sqrt(covarianceOf(x!, x!))]),
    // the variance is rounded before its root is taken
    bound: (v, precision, at) => rounded(v, precision, at) + (at === 1 ? 0 : (precision.truncation * ULP) / (2 * v)),
    slow: true
  },
  {
    name: 'numbers/statistics.covariance',
    shapes: ['vector'],
    inputs: related,
    run: async (party, [x, y]) => [await statistics.covariance(party, x!, y!)],
    expected: ([x, y]) => [[covarianceOf(x!, y!)]],
    bound: (v, precision) => rounded(v, precision) + Math.abs(v) * 1e-12
  },
  {
    name: 'numbers/regression.correlation',
    shapes: ['vector'],
    inputs: related,
    run: (party, [x, y]) => both(regression.correlation(party, x!, y!)),
    expected: ([x, y]) => withFlags([moments(x!, y!).r]),
    bound: (_, { truncation }, at) => (at === 1 ? 0 : (truncation + 1) * ULP + 2 ** -32),
    slow: true
  },
  {
    name: 'numbers/regression.simpleRegression',
    shapes: ['vector'],
    inputs: related,
    run: async (party, [x, y]) => {
      const fit = await regression.simpleRegression(party, x!, y!)
      return [fit.slope, fit.intercept, fit.r, fit.unexplained, fit.xVariance, fit.yVariance, fit.valid]
    },
    expected: ([x, y]) => {
      const { vx, vy, cov, r } = moments(x!, y!)
      const slope = cov / vx
      return [[slope], [mean(y!) - slope * mean(x!)], [r], [1 - r * r], [vx], [vy], [1]]
    },
    bound: (v, { truncation }, at, inputs) => {
      if (at === 6) return 0
      const unit = at === 3 ? 2 ** -30 : ULP
      // the intercept carries the mean of x times the error of the slope, which has 14 bits more
      const carried = at === 1 ? Math.abs(mean(inputs[0]!)) * (truncation + 1) * 2 ** -30 : 0
      return (truncation + 1) * unit + Math.abs(v) * 2 ** -30 + carried + 2 ** -30
    },
    slow: true
  }
]
