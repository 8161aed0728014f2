/** What is right of a workload's result, in the clear: a benchmark of wrong results would be worth nothing. */

interface About {
  /** Where the opened elements lie, if some were chosen. */
  readonly places: readonly number[]
  readonly count: number
  readonly p: bigint
  /** Key sets: a truncation is off by less than half of one more than that. */
  readonly sets: number
}
type Vector = readonly bigint[]

export interface Check {
  /** All elements are needed, not some of them. */
  readonly isWhole?: boolean
  readonly complaint: (operands: readonly Vector[], results: readonly Vector[], about: About) => string | null
}

const all = (good: boolean, sentence: string): string | null => (good ? null : sentence)
const each = (expected: (x: bigint, y: bigint) => bigint): Check => ({
  complaint([x, y], [found]) {
    const wrong = found!.findIndex((value, i) => value !== expected(x![i]!, y![i]!))
    return all(wrong === -1 && found!.length > 0, `element ${wrong} is ${found![wrong]}`)
  }
})
const FRACTION = 16n
const near = (found: bigint, exact: bigint, shift: bigint, { sets }: About): boolean => {
  const error = (found << shift) - exact
  return 2n * (error < 0n ? -error : error) < BigInt(sets + 1) << shift
}
const sum = (v: Vector): bigint => v.reduce((total, value) => total + value, 0n)
const product = (x: Vector, y: Vector): bigint => x.reduce((total, value, i) => total + value * y[i]!, 0n)
const real = (v: Vector): number[] => v.map(value => Number(value) / 2 ** Number(FRACTION))
const rowsOf = (flat: readonly number[], columns: number): number[][] =>
  Array.from({ length: flat.length / columns }, (_, i) => flat.slice(i * columns, (i + 1) * columns))
const norm = (v: readonly number[]): number => Math.hypot(...v)

export const CHECKS: Record<string, Check> = {
  input: {
    complaint: (_, [found], { places }) =>
      all(
        found!.length > 0 && found!.every((value, i) => value === BigInt(places[i]! - 500)),
        'an input is another number than was dealt'
      )
  },
  mul: each((x, y) => x * y),
  eq: {
    // 0 where equal, else any other element
    complaint: ([x, y], [found]) =>
      all(found!.length > 0 && found!.every((value, i) => (value === 0n) === (x![i] === y![i])), 'equality is wrong')
  },
  eqSecret: each((x, y) => (x === y ? 1n : 0n)),
  lessThan: each((x, y) => (x < y ? 1n : 0n)),
  lessThanLatency: each((x, y) => (x < y ? 1n : 0n)),
  dot: {
    isWhole: true,
    complaint: ([x, y], [found]) => all(found![0] === product(x!, y!), 'the dot product is wrong')
  },
  matmul: {
    isWhole: true,
    complaint([x, y], [found]) {
      const column = (j: number): bigint[] => Array.from({ length: 100 }, (_, l) => y![l * 100 + j]!)
      const columns = Array.from({ length: 100 }, (_, j) => column(j))
      const wrong = found!.findIndex(
        (value, at) =>
          value !== product(x!.slice(100 * Math.floor(at / 100), 100 * Math.floor(at / 100) + 100), columns[at % 100]!)
      )
      return all(wrong === -1 && found!.length === 10_000, `element ${wrong} of the matrix product is wrong`)
    }
  },
  fixedMul: {
    complaint: ([x, y], [found], about) =>
      all(
        found!.length > 0 && found!.every((value, i) => near(value, x![i]! * y![i]!, FRACTION, about)),
        'a fixed-point product is off by more than its truncation'
      )
  },
  meanVar: {
    isWhole: true,
    complaint([x], [mean, variance], { sets }) {
      const n = BigInt(x!.length)
      const error = 2 ** -Number(FRACTION) * ((sets + 1) / 2)
      const exactMean = Number((sum(x!) << 20n) / n) / 2 ** (20 + Number(FRACTION))
      const spread = n * product(x!, x!) - sum(x!) ** 2n
      const exactVariance = Number(((spread >> FRACTION) << 4n) / (n * n)) / 2 ** (4 + Number(FRACTION))
      return all(
        Math.abs(real(mean!)[0]! - exactMean) <= error + 1e-9 &&
          Math.abs(real(variance!)[0]! - exactVariance) <= error + exactVariance * 1e-12 + 2 ** -20,
        'mean or variance are off by more than their truncation'
      )
    }
  },
  linreg: {
    isWhole: true,
    complaint([design, right], [value, valid]) {
      if (valid![0] !== 1n) return 'least squares did not converge'
      // the gradient of the squares is 0 at the solution: A^T (b - A x), relative to what it is made of
      const a = rowsOf(real(design!), 10)
      const [b, x] = [real(right!), real(value!)]
      const residual = a.map((row, i) => b[i]! - row.reduce((s, v, j) => s + v * x[j]!, 0))
      const worst = Array.from({ length: 10 }, (_, j) => {
        const column = a.map(row => row[j]!)
        return Math.abs(column.reduce((s, v, i) => s + v * residual[i]!, 0)) / (norm(column) * norm(b))
      })
      return all(Math.max(...worst) < 2 ** -10, 'the residual of least squares is not orthogonal to the columns')
    }
  },
  max: {
    isWhole: true,
    complaint: ([x], [found]) =>
      all(found![0] === x!.reduce((most, value) => (value > most ? value : most)), 'the largest is another')
  },
  inverse: {
    isWhole: true,
    complaint([x], [value, valid]) {
      if (valid![0] === 0n)
        return all(
          value!.every(v => v === 0n),
          'an inverse that does not exist is not 0'
        )
      const [a, b] = [rowsOf(real(x!), 10), rowsOf(real(value!), 10)]
      const off = a.flatMap((row, i) =>
        Array.from({ length: 10 }, (_, j) => row.reduce((s, v, l) => s + v * b[l]![j]!, 0) - (i === j ? 1 : 0))
      )
      // 2^-20 of the norm of the inverse, and its rounding, times the norm of the matrix
      const bound = norm(a.flat()) * (norm(b.flat()) * 2 ** -20 + 10 * 3 * 2 ** -Number(FRACTION))
      return all(norm(off) < bound, `the product with the inverse is off by ${norm(off)}`)
    }
  },
  mulLatency: {
    complaint([x, y], [found], { count, p }) {
      let exact = x![0]!
      for (let i = 0; i < count; i++) exact = (exact * y![0]!) % p
      return all((found![0]! - exact) % p === 0n, 'the chain of products is wrong')
    }
  }
}
