import { shapeError } from '../errors.ts'
import { requireRoom } from '../plan/room.ts'
import { parallel } from '../protocols/masked.ts'
import { reduceProduct } from '../protocols/multiply.ts'
import { elements } from '../protocols/product.ts'
import { divideByPublic } from '../protocols/truncate.ts'
import type { Party } from '../session/party.ts'
import { mul, publicValue, sub, sum, withFraction } from './arithmetic.ts'
import { lt, select } from './compare.ts'
import { divide, normalRoots, type Partial } from './divide.ts'
import { normalise } from './normalise.ts'
import { momentProduct } from './statistics.ts'
import { alignTo, element, sizeOf, stack, withBits, type Secret } from './secret.ts'
import { planned } from '../plan/rehearse.ts'

const WORKING_BITS = 40

interface Moments {
  /** n^2 times variance and covariance, as whole numbers at twice the fraction of the data. */
  readonly xx: Secret
  readonly yy: Secret
  readonly xy: Secret
}

async function moments(op: Party, x: Secret, y: Secret): Promise<Moments> {
  const moment = async (branch: Party, a: Secret, b: Secret): Promise<Secret> => {
    const { product, bits } = momentProduct(op, a, b)
    requireRoom(op.session, 'regression', bits)
    return {
      shares: await reduceProduct(branch, product),
      rows: 1,
      columns: 1,
      fraction: a.fraction + b.fraction,
      bits
    }
  }
  const [xx, yy, xy] = await parallel<[Secret, Secret, Secret]>(op, [
    branch => moment(branch, x, x),
    branch => moment(branch, y, y),
    branch => moment(branch, x, y)
  ])
  return { xx, yy, xy }
}

/**
 * r from moments: xy * 2^jx * 2^jy / sqrt(...) with both variances normalised, so its precision does not depend on how small
 * they are. By Cauchy-Schwarz |xy| <= sqrt(xx yy), so no intermediate exceeds the width of the larger moment.
 */
async function correlationOf(op: Party, { xx, yy, xy }: Moments, fraction: number): Promise<Partial> {
  const zero = publicValue(op, [0])
  const squares = stack(op, [
    { ...xx, fraction: 0 },
    { ...yy, fraction: 0 }
  ])
  const positive = await lt(op, zero, squares)
  const both = await mul(op, element(op, positive, 0), element(op, positive, 1))
  const [safe, cross] = await parallel<[Secret, Secret]>(op, [
    branch => select(branch, { ...positive, bits: 0 }, squares, publicValue(op, [1, 1])),
    branch => mul(branch, { ...xy, fraction: 0 }, both)
  ])
  const normal = await normalise(op, safe, 2)
  const working = Math.min(WORKING_BITS, Math.floor((requireRoom(op.session, 'correlation', 0).valueBits - 5) / 2))
  const column = (shares: Secret['shares'], fraction: number, bits: number): Secret => ({
    shares,
    rows: 2,
    columns: 1,
    fraction,
    bits
  })
  const [{ inverse }, scaled] = await parallel<[{ inverse: Secret }, Secret]>(op, [
    branch => normalRoots(branch, column(normal.values, normal.width, normal.width), working),
    async branch => {
      const roots = column(normal.root, 0, normal.maxRoot)
      const times = (a: Secret['shares'], i: number): Promise<Secret['shares']> =>
        reduceProduct(branch, elements(op.field, a, element(op, roots, i).shares))
      const second = await times(await times(cross.shares, 0), 1)
      const whole: Secret = { shares: second, rows: 1, columns: 1, fraction: normal.width, bits: normal.width + 0.01 }
      return withFraction(branch, whole, working)
    }
  ])
  const bounded = withBits(inverse, working + 1.2)
  const half = await mul(op, withBits(scaled, working + 0.1), element(op, bounded, 0), working)
  const r = await mul(op, withBits(half, working + 1.2), element(op, bounded, 1), working)
  const rounded = await withFraction(op, withBits(r, working + 0.1), fraction)
  return { value: await mul(op, rounded, both), valid: { ...both, bits: 0 } }
}

/**
 * Pearson's correlation. valid = 0 if a column is constant.
 * - Shapes: two columns of as many elements; a scalar and its flag.
 * - Accuracy: |error| <= 2^-fraction * (truncation error + 1) + 2^-32 (with 40 working bits).
 * - Security: that of the comparisons, products and truncations it is made of: no sum, variance or r is opened.
 * @see docs/spec/mpc.md 5.5.
 * @cost n = 3, 12 elements: passive 33 rounds, 10256 bytes; active, proved 139 rounds, 40024 bytes
 * @cost n = 4, 12 elements: passive 39 rounds, 463104 bytes; active, proved 226 rounds, 501837 bytes
 */
export function correlation(party: Party, x: Secret, y: Secret, fraction = 16): Promise<Partial> {
  return planned(party, 'correlation', [x, y, fraction], op => correlationSteps(op, x, y, fraction))
}

async function correlationSteps(op: Party, x: Secret, y: Secret, fraction: number): Promise<Partial> {
  return correlationOf(op, await moments(op, x, y), fraction)
}

export interface SimpleRegression {
  readonly slope: Secret
  readonly intercept: Secret
  readonly r: Secret
  /** 1 - r^2 with 32 fraction bits: with `yVariance` it gives the standard error also where r rounds to 0 or 1. */
  readonly unexplained: Secret
  readonly yVariance: Secret
  readonly xVariance: Secret
  /** 0 if x is constant, or the slope exceeds `slopeMagnitude`. */
  readonly valid: Secret
  readonly count: number
}

export interface RegressionOptions {
  readonly fraction?: number
  /** |slope| < 2^this, or the result is invalid. 20 by default. */
  readonly slopeMagnitude?: number
}

/**
 * y = intercept + slope x by least squares. The standard error and p-value are functions of the opened results (`slopeSignificance` of the client entry).
 *
 * - Shapes: two columns of as many elements; scalars and one flag.
 * - Cost: one round for all sums, then a division and two inverse roots side by side.
 * - Accuracy: slope as `divide`; intercept adds mean(x) times the slope's error.
 * - Security: that of the comparisons, products and truncations it is made of: no sum, variance or coefficient is opened.
 * @see docs/spec/mpc.md 5.5.
 * @cost n = 3, 12 elements: passive 36 rounds, 20280 bytes; active, proved 149 rounds, 66698 bytes
 * @cost n = 4, 12 elements: passive 54 rounds, 906768 bytes; active, proved 268 rounds, 979905 bytes
 */
export function simpleRegression(
  party: Party,
  x: Secret,
  y: Secret,
  options: RegressionOptions = {}
): Promise<SimpleRegression> {
  return planned(party, 'regression', [x, y, options], op => simpleRegressionSteps(op, x, y, options))
}

async function simpleRegressionSteps(
  op: Party,
  x: Secret,
  y: Secret,
  options: RegressionOptions
): Promise<SimpleRegression> {
  const count = sizeOf(x)
  if (count < 3) throw shapeError('regression', 'A regression needs at least three points.')
  const { fraction = Math.max(16, x.fraction, y.fraction), slopeMagnitude = 20 } = options
  const sums = await moments(op, x, y)
  // both sides count n^2 and twice the fraction of x; xy carries the fractions of both
  const inner = fraction + 14
  const [slope, r, xVariance, yVariance] = await parallel<[Partial, Partial, Secret, Secret]>(op, [
    branch => divide(branch, sums.xy, sums.xx, { fraction: inner, quotientMagnitude: slopeMagnitude, positive: true }),
    branch => correlationOf(branch, sums, 32),
    branch => meanSquare(branch, sums.xx, count, fraction),
    branch => meanSquare(branch, sums.yy, count, fraction)
  ])
  const right = alignTo(op, sum(op, y), Math.max(fraction + 8, y.fraction))
  const [left, square] = await parallel<[Secret, Secret]>(op, [
    branch => mul(branch, slope.value, sum(op, x), fraction + 8),
    branch => mul(branch, r.value, r.value, 32)
  ])
  const total = sub(op, right, left)
  const interceptShares = await divideByPublic(
    op,
    total,
    BigInt(count) * 2n ** BigInt(total.fraction - fraction),
    total.bits
  )
  const intercept: Secret = {
    ...total,
    shares: interceptShares,
    fraction,
    bits: total.bits - (total.fraction - fraction) - Math.log2(count) + 1
  }
  const [slopeOut, rOut] = await parallel<[Secret, Secret]>(op, [
    branch => withFraction(branch, slope.value, fraction),
    branch => withFraction(branch, r.value, fraction)
  ])
  return {
    slope: slopeOut,
    intercept,
    r: rOut,
    unexplained: sub(op, publicValue(op, [1], 32), square),
    yVariance,
    xVariance,
    valid: slope.valid,
    count
  }
}

/** n^2 variance at twice the fraction -> the population variance at `fraction`. */
async function meanSquare(op: Party, moment: Secret, count: number, fraction: number): Promise<Secret> {
  const lifted = alignTo(op, moment, Math.max(moment.fraction, fraction))
  const divisor = BigInt(count) ** 2n * 2n ** BigInt(lifted.fraction - fraction)
  const shares = await divideByPublic(op, lifted, divisor, lifted.bits)
  return { ...lifted, shares, fraction, bits: lifted.bits - (lifted.fraction - fraction) - 2 * Math.log2(count) + 1 }
}
