import * as linear from '../../src/numbers/linear-algebra.ts'
import { between, both, reals, type Input, type Operation } from './operation.ts'

export const rowsOf = (flat: readonly number[], columns: number): number[][] =>
  Array.from({ length: flat.length / columns }, (_, i) => flat.slice(i * columns, (i + 1) * columns))
export const eye = (m: number): number[][] =>
  Array.from({ length: m }, (_, i) => Array.from({ length: m }, (_, j) => Number(i === j)))
export const multiply = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] =>
  a.map(row => b[0]!.map((_, j) => row.reduce((s, v, l) => s + v * b[l]![j]!, 0)))
export const flip = (a: readonly (readonly number[])[]): number[][] => a[0]!.map((_, j) => a.map(row => row[j]!))

/** Gauss-Jordan with pivoting, in the clear. */
export function solve(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  const m = a.map((row, i) => [...row, ...b[i]!])
  for (let i = 0; i < m.length; i++) {
    const pivot = m.slice(i).reduce((best, row, k) => (Math.abs(row[i]!) > Math.abs(m[best]![i]!) ? i + k : best), i)
    ;[m[i], m[pivot]] = [m[pivot]!, m[i]!]
    const lead = m[i]![i]!
    m[i] = m[i]!.map(v => v / lead)
    m.forEach((row, k) => {
      if (k !== i) m[k] = row.map((v, j) => v - row[i]! * m[i]![j]!)
    })
  }
  return m.map(row => row.slice(a.length))
}

const real = (values: number[], columns: number, magnitude: number): Input => ({
  values,
  magnitude,
  fraction: 16,
  columns
})
/** Ten rows of two columns, and what they explain. */
const sample = (random: () => number): Input[] => {
  const design = reals(random, 20, 8)
  const right = rowsOf(design, 2).map(
    ([a, b]) => Math.round((3 * a! - 0.5 * b! + between(random, -2, 2)) * 2 ** 16) / 2 ** 16
  )
  return [real(design, 2, 4), real(right, 1, 6)]
}
const fit = (design: readonly number[], right: readonly number[]): { x: number[]; errors: number[] } => {
  const a = rowsOf(design, 2)
  const gram = solve(multiply(flip(a), a), eye(2))
  const x = multiply(
    gram,
    multiply(
      flip(a),
      right.map(v => [v])
    )
  ).flat()
  const squares = a.reduce((s, row, i) => s + (right[i]! - row[0]! * x[0]! - row[1]! * x[1]!) ** 2, 0)
  const variance = squares / (a.length - 2)
  return { x, errors: [0, 1].map(j => Math.sqrt(variance * gram[j]![j]!)) }
}

/**
 * What the docstrings of `leastSquares` and `multipleRegression` promise for these data, truncation aside: 2^-20 of the norm of the
 * solution that is scaled by the powers of two above the columns' norms, and 2^-16 of a standard error where 2^-14 of b is unexplained,
 * else of what it would be if all of b were.
 */
export function promisedBounds(
  design: readonly (readonly number[])[],
  right: readonly number[],
  exact: readonly number[]
): { coefficients: number[]; errors: number[] } {
  const above = (v: readonly number[]): number => 2 ** (Math.floor(Math.log2(Math.hypot(...v))) + 1)
  const scales = flip(design).map(above)
  const own = above(right)
  const norm = Math.hypot(...exact.map((x, j) => (x * scales[j]!) / own))
  const squares = design.reduce((s, row, i) => s + (right[i]! - row.reduce((t, v, j) => t + v * exact[j]!, 0)) ** 2, 0)
  const freedom = design.length - exact.length
  const gram = solve(multiply(flip(design), design), eye(exact.length))
  const whole = right.reduce((s, v) => s + v * v, 0)
  return {
    coefficients: scales.map(scale => (2 ** -20 * norm * own) / scale),
    errors: exact.map((_, j) =>
      squares / whole > 2 ** -14
        ? 2 ** -16 * Math.sqrt((squares / freedom) * gram[j]![j]!)
        : 2 ** -16 * own * Math.sqrt(gram[j]![j]! / freedom)
    )
  }
}
/** Enough fraction bits for rounding to hide nothing of what is promised. */
const FINE = 30

export const linearOperations: readonly Operation[] = [
  {
    name: 'numbers/linear-algebra.inverse',
    shapes: ['matrix'],
    inputs: random => {
      const noise = reals(random, 4, 1)
      return [real([3 + noise[0]!, noise[1]!, noise[2]!, -2 + noise[3]!], 2, 3)]
    },
    run: (party, [a]) => both(linear.inverse(party, a!, { fraction: FINE })),
    expected: ([a]) => {
      const values = solve(rowsOf(a!, 2), eye(2)).flat()
      return [values, [1]]
    },
    bound: (_, { truncation }, at, [a]) =>
      at === 1 ? 0 : (truncation + 1) * 2 ** -FINE + 2 ** -20 * Math.hypot(...solve(rowsOf(a!, 2), eye(2)).flat()),
    slow: true
  },
  {
    name: 'numbers/linear-algebra.leastSquares',
    shapes: ['matrix'],
    inputs: sample,
    run: (party, [a, b]) => both(linear.leastSquares(party, a!, b!, { fraction: FINE })),
    expected: ([a, b]) => [fit(a!, b!).x, [1]],
    bound: (_, { truncation }, at, [a, b], i) =>
      at === 1
        ? 0
        : (2 * truncation + 1) * 2 ** -FINE + promisedBounds(rowsOf(a!, 2), b!, fit(a!, b!).x).coefficients[i]!,
    slow: true
  },
  {
    name: 'numbers/linear-algebra.multipleRegression',
    shapes: ['matrix'],
    inputs: sample,
    run: async (party, [a, b]) => {
      const { value, valid, standardErrors } = await linear.multipleRegression(party, a!, b!, { fraction: FINE })
      return [value, standardErrors, valid]
    },
    expected: ([a, b]) => {
      const { x, errors } = fit(a!, b!)
      return [x, errors, [1]]
    },
    bound: (_, { truncation }, at, [a, b], i) => {
      if (at === 2) return 0
      const { coefficients, errors } = promisedBounds(rowsOf(a!, 2), b!, fit(a!, b!).x)
      return (2 * truncation + 1) * 2 ** -FINE + (at === 0 ? coefficients : errors)[i]!
    },
    slow: true
  }
]
