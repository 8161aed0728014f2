import type { Vec } from '../field/field.ts'
import { requireRoom } from '../plan/room.ts'
import { CHUNK_ELEMENTS, type Party } from '../session/party.ts'
import { reduceProduct } from './multiply.ts'
import { openMasked } from './masked.ts'
import { openTrusting } from './open.ts'
import { openTrustingInChunks } from './open-chunks.ts'
import { evaluator, type LocalProduct } from './product.ts'
import { breathe } from './reshare.ts'

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
 * - Accuracy: |error| < (C + 1)/2 units in the last place, C = binomial(n, t): 2 units for n = 3.
 * - Security: that of the session's mode; active adds a reshare and a product check before the opening. c hides v up to 2^-(statistical bits). The rounding depends on the low bits of v and on masks
 *   that t parties may know in part: the functionality is "v / 2^m with this rounding", not an exact quotient.
 * @throws MPC_RANGE if the field cannot mask `bits` bits.
 * @see Catrina, Saxena: "Secure computation with fixed-point numbers", FC 2010, for the shape; docs/spec/mpc.md for the proof.
 * @cost n = 3, 2 elements: passive 1 round, 48 bytes; active, proved 1 round, 96 bytes
 * @cost n = 3, 20 elements: passive 1 round, 480 bytes; active, proved 1 round, 960 bytes
 * @cost n = 4, 2 elements: passive 1 round, 48 bytes; active, proved 1 round, 144 bytes
 */
export async function truncate(party: Party, value: Vec, shift: number, bits: number): Promise<Vec> {
  if (shift === 0) return value
  const { field } = party
  const part = (from: number, to: number): Vec => field.slice(value, from, to)
  return openAndShift(party, { name: 'truncate', count: field.length(value), part, degree: party.t }, shift, bits)
}

/**
 * As `truncate`, for a local product: multiplication and truncation are one opening of degree 2t. Shares `plus` are added to the product
 * before.
 *
 * - Shapes: a local product of k elements in, k shares of degree t out; the exact value is at most 2^bits.
 * - Accuracy, source: as `truncate`.
 * - Security: as `truncate`. Passive: the opening has degree 2t and a shared zero hides the local products; active: the product is reshared and proved first.
 * @cost n = 3, 4 elements: passive 1 round, 192 bytes; active, proved 6 rounds, 904 bytes
 * @cost n = 3, 40 elements: passive 1 round, 1920 bytes; active, proved 8 rounds, 4008 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 10 rounds, 1290 bytes
 */
export async function truncateProduct(
  party: Party,
  product: LocalProduct,
  shift: number,
  bits: number,
  plus?: Vec
): Promise<Vec> {
  const op = party.operation('truncate-product')
  const { field } = op
  const whole = async (): Promise<Vec> => {
    const reduced = await reduceProduct(op, product)
    return plus ? field.add(reduced, plus) : reduced
  }
  if (shift === 0) return whole()
  // before the product is shared, not only before it is opened
  roomFor(op, bits, shift)
  // Degree 2t has no redundancy at n = 2t + 1, so in active mode the product is shared, checked and opened at degree t
  if (op.active) return truncate(op, await whole(), shift, bits)
  const { count } = product
  const local = evaluator(field, product)
  const part = (from: number, to: number): Vec =>
    plus ? field.add(local(from, to), field.slice(plus, from, to)) : local(from, to)
  const source = { name: 'open-product', count, part, degree: 2 * op.t }
  return openAndShift(op, source, shift, bits)
}

const roomFor = (op: Party, bits: number, shift: number): { k: number; pieceBits: number } => {
  const k = Math.max(Math.ceil(bits), shift)
  return { k, pieceBits: requireRoom(op.session, 'truncate', k).pieceBits }
}

/** What is to be truncated: parts of it, as they are wanted, on polynomials of this degree. */
interface Source {
  readonly name: string
  readonly count: number
  readonly part: (from: number, to: number) => Vec
  readonly degree: number
}

async function openAndShift(party: Party, source: Source, shift: number, bits: number): Promise<Vec> {
  const { count, part, degree } = source
  const ready = party.stock?.take(`truncation/${shift}`, count)
  const op = party.operation(ready ? `${source.name} with ${ready.place}` : source.name)
  const { field, session } = op
  const { k, pieceBits } = roomFor(op, bits, shift)
  if (session.rehearsal) return field.zeros(count)
  const { before, after } = centring(session.setCount, 2n ** BigInt(shift))
  const lift = field.constant(2n ** BigInt(k))
  const lead = field.constant(before)
  const offset = field.constant(2n ** BigInt(k - shift) + after)
  // until its chunk was opened, an element of the result is the high part of its mask
  const out = field.zeros(count)
  const place = (from: number, to: number): Vec => field.slice(out, from, to)
  const stocked = (from: number, to: number): Vec => {
    const [whole, high] = ready!.vectors.map(vector => field.slice(vector, from, to))
    place(from, to).set(high!)
    return whole!
  }

  const shamirMask = (): ((from: number, to: number) => Vec) => {
    const draw = ready ? null : op.boundeds(pieceBits, shift)
    const zeros = degree === op.t ? null : op.zeros()
    return (from, to) => {
      let whole: Vec
      if (draw) {
        const drawn = draw(to - from)
        whole = drawn.whole
        place(from, to).set(drawn.high)
      } else whole = stocked(from, to)
      const masked = field.add(part(from, to), whole)
      if (zeros) field.add(masked, zeros(to - from), masked)
      return field.add(masked, lift, masked)
    }
  }
  /** Three nodes, degree 2t: parts that add up. Each number of a mask is added by one of the two that know it. */
  const additiveMask = (): ((from: number, to: number) => Vec) => {
    const [next, previous] = [(op.index + 1) % 3, (op.index + 2) % 3]
    const draw = ready ? null : op.boundedPieces(pieceBits)
    const zeros = [next, previous].map(set => op.setStream(set, 'zero'))
    const own = session.mySets.findIndex(({ number }) => number === previous)
    const weight = field.constant(session.productWeights[op.index]!)
    return (from, to) => {
      const size = to - from
      const [plus, minus] = zeros.map(stream => field.sample(size, stream)) as [Vec, Vec]
      const masked = field.sub(plus, minus, plus)
      let local = part(from, to)
      if (draw) {
        const pieces = draw(size)
        place(from, to).set(op.highOf(pieces, shift))
        field.add(masked, field.fromRaw(pieces[own]!), masked)
      } else local = field.add(local, stocked(from, to))
      if (op.index !== 2) local = field.mul(local, weight)
      field.add(masked, local, masked)
      return op.index === 0 ? field.add(masked, lift, masked) : masked
    }
  }
  const finish = (opened: Vec, from: number, to: number): void => {
    const v = field.add(opened, lead)
    field.fromRaw(field.shiftRaw(field.toRaw(v, v), shift, v), v)
    field.sub(field.sub(v, offset, v), place(from, to), place(from, to))
  }
  if (op.active) {
    const masked = field.zeros(count)
    const mask = shamirMask()
    await inChunks(count, (from, to) => field.slice(masked, from, to).set(mask(from, to)))
    const opened = await openMasked(op, masked)
    await inChunks(count, (from, to) => finish(field.slice(opened, from, to), from, to))
  } else if (op.n === 3 && degree === 2 * op.t) {
    const sum = (rows: readonly { shares: Vec }[]): Vec => {
      const [a, b, c] = rows.map(({ shares }) => shares) as [Vec, Vec, Vec]
      const total = field.add(a, b)
      return field.add(total, c, total)
    }
    await openTrustingInChunks(op, count, degree, additiveMask(), finish, sum)
  } else await openTrustingInChunks(op, count, degree, shamirMask(), finish)
  return out
}

/** Lets the event loop come round in between. */
async function inChunks(count: number, run: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < count; from += CHUNK_ELEMENTS) {
    run(from, Math.min(count, from + CHUNK_ELEMENTS))
    if (count > CHUNK_ELEMENTS) await breathe()
  }
}

/** What is added before the floor and taken off after it, so that the mean of floor((v + before + C dithers) / D) - after is v / D. */
export function centring(setCount: number, divisor: bigint): { before: bigint; after: bigint } {
  const sets = BigInt(setCount)
  if (sets % 2n === 1n) return { before: (sets - 1n) / 2n, after: (sets - 1n) / 2n }
  return { before: (sets + divisor) / 2n, after: sets / 2n }
}

/**
 * As `truncateProduct` and `truncate`, dividing by any public whole number: v/divisor rounded up or down at random, without
 * bias (for an even C and an even divisor 1/(2 divisor) units are left). Same costs; meant for few elements (means and variances), as it divides the masks one by one.
 *
 * - Shapes: k shares, or a local product of k elements, in; k shares of degree t out.
 * - Accuracy: |error| < (C + 1)/2 units in the last place, C = binomial(n, t): 2 units for n = 3.
 * - Security, source: as `truncate`.
 * @cost n = 3, 2 elements: passive 1 round, 48 bytes; active, proved 1 round, 96 bytes
 * @cost n = 4, 2 elements: passive 1 round, 48 bytes; active, proved 1 round, 144 bytes
 */
export async function divideByPublic(
  party: Party,
  value: { readonly shares: Vec } | LocalProduct,
  divisor: bigint,
  bits: number
): Promise<Vec> {
  const op = party.operation('divide-public')
  const { field, session } = op
  const k = Math.max(Math.ceil(bits), divisor.toString(2).length)
  const { pieceBits } = requireRoom(session, 'divide', k)
  if (session.rehearsal) return field.zeros('terms' in value ? value.count : field.length(value.shares))
  const local = 'terms' in value && !op.active
  const shares = !('terms' in value)
    ? value.shares
    : local
      ? evaluator(field, value)(0, value.count)
      : await reduceProduct(op, value)
  const count = field.length(shares)
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
