import type { Vec } from '../field/field.ts'
import { requireRoom } from '../plan/room.ts'
import type { Party } from '../session/party.ts'
import { reduceProduct } from './multiply.ts'
import { openMasked } from './masked.ts'
import { openTrusting } from './open.ts'
import { evaluator, type LocalProduct } from './product.ts'

/** The result of a truncation is off by less than this many units in the last place. */
export const truncationError = (setCount: number): number => (setCount + 1) / 2

/**
 * floor-ish of v / 2^shift: v/2^shift rounded up or down at random, without bias.
 *
 * Open c = v + 2^k + R with R = sum over sets of r_A. With r_A = 2^m h_A + l_A,
 *   floor((v + sum l_A) / 2^m) = floor(c / 2^m) - 2^(k-m) - sum h_A,
 * where all but one of the l_A add (C - 1)(2^m - 1)/2 on average (C sets), and the last rounds v without bias. So for an odd C
 * (C - 1)/2 is added before the floor and as much taken off after it, which leaves no bias at all; for an even C
 * (C + 2^m)/2 and C/2, which leaves 2^-(m+1) units.
 *
 * - Shapes: k shares of degree t (or a local product of k elements) in, k of degree t out; |v| <= 2^bits.
 * - Cost: 1 round; t k elements a party, 2t k for a product, which needs no round of its own.
 * - Error: below (C + 1)/2 units in the last place, C = binomial(n, t): 2 units for n = 3.
 * - Security: that of the session's mode; active adds a reshare and a product check before the opening. c hides v up to 2^-(statistical bits). The rounding depends on the low bits of v and on masks
 *   that t parties may know in part: the functionality is "v / 2^m with this rounding", not an exact quotient.
 * @throws MPC_RANGE if the field cannot mask `bits` bits.
 * @see Catrina, Saxena: "Secure computation with fixed-point numbers", FC 2010, for the shape; docs/spec/mpc.md for the proof.
 */
export async function truncate(party: Party, value: Vec, shift: number, bits: number): Promise<Vec> {
  return openAndShift(party.operation('truncate'), value, shift, bits, party.t)
}

/** As `truncate`, for a local product: multiplication and truncation are one opening of degree 2t. */
export async function truncateProduct(party: Party, product: LocalProduct, shift: number, bits: number): Promise<Vec> {
  const op = party.operation('truncate-product')
  if (shift === 0) return reduceProduct(op, product)
  // Degree 2t has no redundancy at n = 2t + 1, so in active mode the product is shared, checked and opened at degree t
  if (op.active) return openAndShift(op, await reduceProduct(op, product), shift, bits, op.t)
  const value = evaluator(op.field, product)(0, product.count)
  return openAndShift(op, op.field.add(value, op.zero(product.count)), shift, bits, 2 * op.t)
}

async function openAndShift(op: Party, value: Vec, shift: number, bits: number, degree: number): Promise<Vec> {
  const { field, session } = op
  if (shift === 0) return value
  const k = Math.max(Math.ceil(bits), shift)
  const { pieceBits } = requireRoom(session, 'truncate', k)
  const { whole, high } = op.bounded(field.length(value), pieceBits, shift)
  const masked = field.add(field.add(value, whole), field.constant(2n ** BigInt(k)))
  const opened = degree === op.t ? await openMasked(op, masked) : await openTrusting(op, masked, degree)
  const { before, after } = centring(session.setCount, 2n ** BigInt(shift))
  const rounded = field.add(opened, field.constant(before))
  const quotient = field.fromRaw(field.shiftRaw(field.toRaw(rounded), shift))
  const offset = 2n ** BigInt(k - shift) + after
  return field.sub(quotient, field.add(high, field.constant(offset)))
}

/** What is added before the floor and taken off after it, so that the mean of floor((v + before + C dithers) / D) - after is v / D. */
function centring(setCount: number, divisor: bigint): { before: bigint; after: bigint } {
  const sets = BigInt(setCount)
  if (sets % 2n === 1n) return { before: (sets - 1n) / 2n, after: (sets - 1n) / 2n }
  return { before: (sets + divisor) / 2n, after: sets / 2n }
}

/**
 * As `truncateProduct` and `truncate`, dividing by any public whole number: v/divisor rounded up or down at random, without
 * bias (for an even C and an even divisor 1/(2 divisor) units are left). Same costs and errors; meant for few elements (means and variances), as it divides the masks one by one.
 */
export async function divideByPublic(
  party: Party,
  value: { readonly shares: Vec } | LocalProduct,
  divisor: bigint,
  bits: number
): Promise<Vec> {
  const op = party.operation('divide-public')
  const { field, session } = op
  const local = 'terms' in value && !op.active
  const shares = !('terms' in value)
    ? value.shares
    : local
      ? evaluator(field, value)(0, value.count)
      : await reduceProduct(op, value)
  const count = field.length(shares)
  const k = Math.max(Math.ceil(bits), divisor.toString(2).length)
  const { pieceBits } = requireRoom(session, 'divide', k)
  const pieces = session.mySets.map(({ number, weight }) => ({
    weight,
    piece: field.sampleBits(count, pieceBits, op.setStream(number, 'bounded'))
  }))
  const weights = pieces.map(({ weight }) => weight)
  const whole = field.combine(
    weights,
    pieces.map(({ piece }) => piece)
  )
  const quotients = pieces.map(({ piece }) => field.from(field.toBigints(piece).map(r => r / divisor)))
  const high = field.combine(weights, quotients)
  const lift = ((1n << BigInt(k)) / divisor + 1n) * divisor
  let masked = field.add(field.add(shares, whole), field.constant(lift))
  if (local) masked = field.add(masked, op.zero(count))
  const opened = local ? await openTrusting(op, masked, 2 * op.t) : await openMasked(op, masked)
  const { before, after } = centring(session.setCount, divisor)
  const low = field.from(field.toBigints(opened).map(c => (c + before) / divisor))
  return field.sub(low, field.add(high, field.constant(lift / divisor + after)))
}
