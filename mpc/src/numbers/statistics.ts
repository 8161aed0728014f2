import { shapeError } from '../errors.ts'
import { roomOf } from '../plan/room.ts'
import { parallel } from '../protocols/masked.ts'
import { elements, matrix, sumOf, type LocalProduct } from '../protocols/product.ts'
import { divideByPublic, truncationError } from '../protocols/truncate.ts'
import type { Party } from '../session/party.ts'
import { sub, sum } from './arithmetic.ts'
import { sqrt, type Partial } from './divide.ts'
import { alignTo, logAdd, requireChecked, sizeOf, type Secret } from './secret.ts'
import { planned } from '../plan/rehearse.ts'

export interface StatisticsOptions {
  /** Fraction bits of the result; 16 or those of the data, whichever is more. */
  readonly fraction?: number
  /** Divide by n - ddof: 0 for the population (default), 1 for a sample. */
  readonly ddof?: number
}

const resultFraction = (x: Secret, { fraction }: StatisticsOptions): number => fraction ?? Math.max(16, x.fraction)

function scalar(party: Party, shares: Secret['shares'], fraction: number, bits: number): Secret {
  return {
    shares,
    rows: party.field.length(shares),
    columns: 1,
    fraction,
    bits: logAdd(bits, Math.log2(truncationError(party.session.setCount)))
  }
}

/**
 * Arithmetic mean. 1 round, t elements a party.
 *
 * - Shapes: any of one element and more; the result is a scalar.
 * - Accuracy: |error| < 2^-fraction * (truncation error), 2 for n = 3, without bias.
 * - Security: as `divideByPublic`, which is all that is opened.
 * @see docs/spec/mpc.md 5.2.
 * @cost n = 3, 5 elements: passive 1 round, 24 bytes; active, proved 1 round, 48 bytes
 * @cost n = 3, 40 elements: passive 1 round, 24 bytes; active, proved 1 round, 48 bytes
 * @cost n = 4, 5 elements: passive 1 round, 24 bytes; active, proved 1 round, 72 bytes
 */
export async function mean(party: Party, x: Secret, options: StatisticsOptions = {}): Promise<Secret> {
  const op = party.operation('mean')
  const fraction = resultFraction(x, options)
  requireChecked('mean', x)
  const count = sizeOf(x)
  const total = alignTo(op, sum(op, x), Math.max(fraction, x.fraction))
  const divisor = BigInt(count) << BigInt(total.fraction - fraction)
  const shares = divisor === 1n ? total.shares : await divideByPublic(op, total, divisor, total.bits)
  return scalar(op, shares, fraction, x.bits - x.fraction + fraction)
}

/** n * (sum of x_i y_i) - (sum of x)(sum of y): n^2 times the covariance, exact, before any communication. */
export function momentProduct(party: Party, x: Secret, y: Secret): { product: LocalProduct; bits: number } {
  requireChecked('covariance', x, y)
  const { field } = party
  const count = sizeOf(x)
  if (count !== sizeOf(y)) throw shapeError('covariance', `${count} values against ${sizeOf(y)}.`)
  const sums = elements(field, sum(party, x).shares, sum(party, y).shares)
  const product = sumOf([
    [BigInt(count), matrix(field, x.shares, y.shares, 1, count, 1)],
    [-1n, sums]
  ])
  // |n sum x y - sum x sum y| = |n sum (x - mx)(y - my)| <= n^2 max|x| max|y|: deviations have no larger mean square than values
  return { product, bits: x.bits + y.bits + 2 * Math.log2(count) }
}

/**
 * Covariance. If n^2 x y fits behind a mask: 1 round, 2t elements, rounded once. Otherwise both means are taken off first
 * (2 rounds).
 *
 * - Shapes: two of as many elements; the result is a scalar.
 * - Accuracy: |error| < 2^-fraction * (truncation error), 2 for n = 3; where the means are taken off first, the product of their errors
 *   more (each as `mean`, with the fraction of the data), times n / (n - ddof).
 * - Security: as `divideByPublic`, which is all that is opened.
 * @see docs/spec/mpc.md 5.5.
 * @cost n = 3, 12 elements: passive 1 round, 48 bytes; active, proved 6 rounds, 1120 bytes
 * @cost n = 4, 12 elements: passive 1 round, 48 bytes; active, proved 10 rounds, 1794 bytes
 */
export function covariance(party: Party, x: Secret, y: Secret, options: StatisticsOptions = {}): Promise<Secret> {
  return planned(party, 'covariance', [x, y, options], op => covarianceSteps(op, x, y, options))
}

async function covarianceSteps(op: Party, x: Secret, y: Secret, options: StatisticsOptions): Promise<Secret> {
  const fraction = options.fraction ?? Math.max(16, x.fraction, y.fraction)
  const count = sizeOf(x)
  const { ddof = 0 } = options
  if (count !== sizeOf(y)) throw shapeError('covariance', `${count} values against ${sizeOf(y)}.`)
  if (count - ddof <= 0) throw shapeError('covariance', `${count} values are too few for ddof ${ddof}.`)
  const moment = momentProduct(op, x, y)
  const lift = Math.max(0, fraction - x.fraction - y.fraction)
  const result = (shares: Secret['shares']): Secret =>
    scalar(
      op,
      shares,
      fraction,
      x.bits + y.bits - x.fraction - y.fraction + fraction + Math.log2(count / (count - ddof))
    )
  if (moment.bits + lift <= roomOf(op.session).valueBits) {
    const divisor = BigInt(count) * BigInt(count - ddof) * 2n ** BigInt(lift + x.fraction + y.fraction - fraction)
    const lifted = sumOf([[2n ** BigInt(lift), moment.product]])
    return result(await divideByPublic(op, lifted, divisor, moment.bits + lift))
  }
  const [mx, my] = await parallel<[Secret, Secret]>(op, [
    branch => mean(branch, x, { fraction: x.fraction }),
    branch => mean(branch, y, { fraction: y.fraction })
  ])
  const [dx, dy] = [sub(op, x, mx), sub(op, y, my)]
  const product = sumOf([[2n ** BigInt(lift), matrix(op.field, dx.shares, dy.shares, 1, count, 1)]])
  const divisor = BigInt(count - ddof) * 2n ** BigInt(lift + x.fraction + y.fraction - fraction)
  return result(await divideByPublic(op, product, divisor, dx.bits + dy.bits + Math.log2(count) + lift))
}

/**
 * Variance: `covariance` of x with itself. Population by default, `ddof: 1` for a sample.
 *
 * - Shapes, accuracy, security, source: as `covariance`.
 * @cost n = 3, 5 elements: passive 2 rounds, 96 bytes; active, proved 12 rounds, 1568 bytes
 * @cost n = 3, 40 elements: passive 2 rounds, 96 bytes; active, proved 16 rounds, 2400 bytes
 * @cost n = 4, 5 elements: passive 2 rounds, 96 bytes; active, proved 20 rounds, 2244 bytes
 */
export const variance = (party: Party, x: Secret, options: StatisticsOptions = {}): Promise<Secret> =>
  covariance(party.operation('variance'), x, x, options)

/**
 * Standard deviation: the square root of the shared variance; the variance itself is not opened.
 *
 * - Shapes: any of two elements and more; a scalar and its flag.
 * - Accuracy: that of `sqrt`, and the error of the variance (as `variance`) over twice the standard deviation.
 * - Security, source: as `sqrt`.
 * @cost n = 3, 5 elements: passive 29 rounds, 3360 bytes; active, proved 115 rounds, 27416 bytes
 * @cost n = 4, 5 elements: passive 35 rounds, 86856 bytes; active, proved 200 rounds, 112521 bytes
 */
export function std(party: Party, x: Secret, options: StatisticsOptions = {}): Promise<Partial> {
  return planned(party, 'std', [x, options], op => stdSteps(op, x, options))
}

async function stdSteps(op: Party, x: Secret, options: StatisticsOptions): Promise<Partial> {
  return sqrt(op, await variance(op, x, options), { fraction: resultFraction(x, options) })
}
