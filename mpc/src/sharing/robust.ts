import { MpcError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import { modInverse } from '../field/prime.ts'
import { pointOf, type Row, type Shamir } from './shamir.ts'

type Polynomial = readonly bigint[] // lowest coefficient first, no zero on top

const trim = (a: bigint[]): bigint[] => {
  while (a.length > 0 && a[a.length - 1] === 0n) a.pop()
  return a
}

const multiply = (a: Polynomial, b: Polynomial, p: bigint): bigint[] => {
  const out = Array<bigint>(Math.max(0, a.length + b.length - 1)).fill(0n)
  a.forEach((x, i) => b.forEach((y, j) => (out[i + j] = (out[i + j]! + x * y) % p)))
  return trim(out)
}

const subtract = (a: Polynomial, b: Polynomial, p: bigint): bigint[] =>
  trim(Array.from({ length: Math.max(a.length, b.length) }, (_, i) => ((a[i] ?? 0n) - (b[i] ?? 0n) + p) % p))

function divide(a: Polynomial, b: Polynomial, p: bigint): { quotient: bigint[]; remainder: bigint[] } {
  const remainder = [...a]
  const quotient = Array<bigint>(Math.max(0, a.length - b.length + 1)).fill(0n)
  const inverse = modInverse(b[b.length - 1]!, p)
  for (let shift = a.length - b.length; shift >= 0; shift--) {
    const factor = (remainder[shift + b.length - 1]! * inverse) % p
    quotient[shift] = factor
    b.forEach((value, i) => (remainder[shift + i] = (((remainder[shift + i]! - factor * value) % p) + p) % p))
  }
  return { quotient: trim(quotient), remainder: trim(remainder) }
}

const evaluate = (a: Polynomial, x: bigint, p: bigint): bigint =>
  a.reduceRight((sum, value) => (sum * x + value) % p, 0n)

function interpolate(xs: readonly bigint[], ys: readonly bigint[], p: bigint): bigint[] {
  // Newton's divided differences
  const differences = [...ys]
  for (let level = 1; level < xs.length; level++) {
    for (let i = xs.length - 1; i >= level; i--) {
      const slope = (differences[i]! - differences[i - 1]!) * modInverse((((xs[i]! - xs[i - level]!) % p) + p) % p, p)
      differences[i] = ((slope % p) + p) % p
    }
  }
  let out: bigint[] = []
  for (let i = xs.length - 1; i >= 0; i--) {
    out = multiply(out, [(p - xs[i]!) % p, 1n], p)
    out[0] = ((out[0] ?? 0n) + differences[i]!) % p
  }
  return trim(out)
}

/**
 * Finds the polynomial of the given degree that passes through all but at most floor((m - degree - 1) / 2) of m points.
 * @returns its coefficients and the positions that are not on it, or null if there is none.
 * @see Gao: "A new algorithm for decoding Reed-Solomon codes", 2003.
 */
export function decode(
  xs: readonly bigint[],
  ys: readonly bigint[],
  degree: number,
  p: bigint
): { polynomial: Polynomial; wrong: number[] } | null {
  const through = interpolate(xs, ys, p)
  const vanishing = xs.reduce<bigint[]>((product, x) => multiply(product, [(p - x) % p, 1n], p), [1n])
  let [r0, r1]: [Polynomial, Polynomial] = [vanishing, through]
  let [v0, v1]: [Polynomial, Polynomial] = [[], [1n]]
  while (2 * (r1.length - 1) >= xs.length + degree + 1) {
    const { quotient, remainder } = divide(r0, r1, p)
    ;[v0, v1] = [v1, subtract(v0, multiply(quotient, v1, p), p)]
    ;[r0, r1] = [r1, remainder]
  }
  const { quotient: polynomial, remainder } = divide(r1, v1, p)
  if (remainder.length > 0 || polynomial.length > degree + 1) return null
  const wrong = xs.flatMap((x, i) => (evaluate(polynomial, x, p) === ys[i] ? [] : [i]))
  return 2 * wrong.length <= xs.length - degree - 1 ? { polynomial, wrong } : null
}

/**
 * Reconstructs from rows of which some may be wrong, and names the parties who sent those.
 *
 * Up to t rows may be wrong, whatever their senders agreed on. m rows of degree d are then corrected if at most
 * min((m - d - 1) / 2, m - d - 1 - t) are wrong, and refused otherwise: with more correction than that, t wrong rows could
 * pull the result to another polynomial and let an honest party look guilty. For n >= 3t + 1 and all rows that is t.
 * Each decoding of one element finds parties to leave out; after at most t decodings the rest is plain interpolation.
 * @throws MPC_UNRECOVERABLE if too many rows are wrong or missing.
 */
export function reconstruct(shamir: Shamir, rows: readonly Row[], degree = shamir.t): { values: Vec; wrong: number[] } {
  const { field } = shamir
  const fail = (): never => {
    throw new MpcError(
      { code: 'MPC_UNRECOVERABLE', what: 'shares' },
      `The ${rows.length} share vectors do not fit together and too few are right to tell which.`,
      { hint: 'Correction needs N >= 3(T-1)+1 and all nodes answering; otherwise a wrong share is only detected.' }
    )
  }
  const spare = rows.length - degree - 1
  const limit = Math.max(0, Math.min(Math.floor(spare / 2), spare - shamir.t))
  const wrong: number[] = []
  let good = [...rows]
  for (;;) {
    if (good.length < degree + 1 || wrong.length > limit) return fail()
    const base = good.slice(0, degree + 1)
    const at = firstMismatch(shamir, good, degree)
    if (at === -1) return { values: shamir.interpolate(base), wrong: wrong.sort((a, b) => a - b) }
    const column = good.map(row => field.toBigints(field.slice(row.shares, at, at + 1))[0]!)
    const found = decode(
      good.map(row => pointOf(row.index)),
      column,
      degree,
      field.p
    )
    if (found === null || found.wrong.length === 0 || wrong.length + found.wrong.length > limit) return fail()
    found.wrong.forEach(position => wrong.push(good[position]!.index))
    good = good.filter((_, position) => !found.wrong.includes(position))
  }
}

/** The first element whose rows are not on one polynomial, or -1. */
function firstMismatch(shamir: Shamir, rows: readonly Row[], degree: number): number {
  const base = rows.slice(0, degree + 1)
  for (const row of rows.slice(degree + 1)) {
    const expected = shamir.interpolate(base, pointOf(row.index))
    for (let i = 0; i < expected.length; i++) {
      if (expected[i] !== row.shares[i]) return Math.floor(i / shamir.field.limbs)
    }
  }
  return -1
}
