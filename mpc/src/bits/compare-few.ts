import type { Field, Vec } from '../field/field.ts'
import type { Stream } from '../field/sampling.ts'
import { requireRoom } from '../plan/room.ts'
import { dealFrom } from '../protocols/reshare.ts'
import type { Party } from '../session/party.ts'

/** Who has which part: one opens a masked value, the two others know the mask. One of these two never has to wait. */
const OPENER = 2
const EARLY = 0
const LATE = 1

/** Up to so many comparisons their messages are short, and it is the number of them in a row that takes time. */
export const FEW = 8

/**
 * 1 where d < 0, else 0, as shares: three parties, passive, for a few numbers at a time.
 *
 * c = d + 2^l + r is opened to party 2 alone, where the two others know r. With c' = c mod 2^l, r' = r mod 2^l and u = [c' < r'], d is
 * negative exactly if (c' - r' + 2^l u - d) / 2^l = 1. For u party 2 deals the bits of c' to the others as two parts of a sum. With a secret
 * sign s they turn them into e_i as in `isNegativeInField`: one of them is 0 exactly if s = 1 and c' < r', or s = -1 and c' >= r'. They
 * multiply each e_i with a random element, put them in a random order and send their parts to party 2, who sees whether there is a
 * zero. It deals the answer as two parts, which the others multiply with s and deal to all.
 *
 * - Shapes: k shares of degree 1 with |d| <= 2^bits - 1 in, k shares of bits out.
 * - Cost: 5 messages in sequence; party 1 sends (bits + 2) k elements, party 0 (bits + 3) k, party 2 (bits + 2) k.
 * - Security: passive. c hides d up to 2^-(statistical bits); whether there is a zero has chance exactly 1/2, the other e_i are uniform; all
 *   parts are uniform for who receives them.
 * @throws MPC_RANGE if the field cannot mask bits + 1 bits.
 * @see Damgard, Geisler, Kroigaard 2007; Wagh, Gupta, Chandran, PETS 2019, for comparing a number of one party with one of two others.
 * @cost n = 3, 4 elements: passive 5 rounds, 768 bytes
 * @cost n = 3, 8 elements: passive 5 rounds, 1536 bytes
 */
export async function isNegativeBetween(party: Party, d: Vec, bits: number): Promise<Vec> {
  const op = party.operation('between')
  const { field, index } = op
  const { pieceBits } = requireRoom(op.session, 'comparison', bits)
  const count = field.length(d)
  const [masked, parts, blinded, answer] = [op.step(), op.step(), op.step(), op.step()] as const
  const power = field.constant(2n ** BigInt(bits))
  const v = field.add(d, power)

  /** What is known to the two who know the mask. */
  const holds = index === OPENER ? null : holderOf(op, count, bits, pieceBits)
  /** What party 2 and party 0 draw from their key: the part of a sum that needs no message. */
  const drawn = (elements: number, purpose: string): Vec => field.sample(elements, op.setStream(LATE, purpose))
  let low: Vec | null = null
  let signed: Vec | null = null
  const deal = (dealer: number, purpose: string, secret: () => Vec): Promise<Vec> =>
    dealFrom(op, dealer, count, purpose, (from, to) => field.slice(secret(), from, to))
  let lows: Promise<Vec> | null = null

  if (index === OPENER) {
    const rows = [
      { index: EARLY, shares: await op.receive(EARLY, masked, count) },
      { index: OPENER, shares: v }
    ]
    const lowC = field.lowRaw(field.toRaw(op.session.shamir.interpolate(rows)), bits)
    await op.send(LATE, parts, field.sub(bitsOf(field, lowC, bits), drawn(bits * count, 'bits')))
    low = field.fromRaw(lowC)
    lows = deal(OPENER, 'low', () => low!)
    // its failure is seen below
    lows.catch(() => undefined)
    const [one, other] = await Promise.all([EARLY, LATE].map(from => op.receive(from, blinded, (bits + 1) * count)))
    const found = hasZero(field, field.add(one!, other!), count)
    const [yes, no] = [field.constant(1n), field.constant(-1n)]
    const told = field.concat(found.map(zero => (zero ? yes : no)))
    await op.send(LATE, answer, field.sub(told, drawn(count, 'answer')))
  } else if (index === EARLY) {
    await op.send(OPENER, masked, field.add(v, holds!.mask))
    await op.send(OPENER, blinded, holds!.blind(drawn(bits * count, 'bits'), true))
    signed = field.mul(holds!.sign, drawn(count, 'answer'))
  } else {
    await op.send(OPENER, blinded, holds!.blind(await op.receive(OPENER, parts, bits * count), false))
    signed = field.mul(holds!.sign, await op.receive(OPENER, answer, count))
  }
  const [lowC, first, second] = await Promise.all([
    lows ?? deal(OPENER, 'low', () => low!),
    deal(EARLY, 'signed', () => signed!),
    deal(LATE, 'signed', () => signed!)
  ])
  // u = (1 + s (+-1)) / 2, and [d < 0] = u + (c' - r' - d) / 2^l
  const half = field.constant((field.p + 1n) / 2n)
  const u = field.mul(field.add(field.add(first, second), field.constant(1n)), half)
  const difference = field.sub(holds ? field.sub(lowC, holds.low) : lowC, d)
  return field.add(u, field.mul(difference, inversePower(field, bits)))
}

/** 2^-bits. */
const inversePower = (field: Field, bits: number): Vec =>
  field.constant(((field.p + 1n) / 2n) ** BigInt(bits) % field.p)

/** Bits of plain words as elements, row by row from the lowest: bit i of number j at i count + j. */
function bitsOf(field: Field, raw: Vec, bits: number): Vec {
  const count = field.length(raw)
  const flags = new Uint8Array(bits * count)
  for (let i = 0; i < bits; i++) for (let j = 0; j < count; j++) flags[i * count + j] = field.bitRaw(raw, j, i)
  return field.fromIntegers(flags)
}

/** For each column of the rows whether one of its elements is 0. */
function hasZero(field: Field, rows: Vec, count: number): boolean[] {
  const found = Array<boolean>(count).fill(false)
  for (let at = 0; at < field.length(rows); at++) {
    if (field.slice(rows, at, at + 1).every(word => word === 0)) found[at % count] = true
  }
  return found
}

interface Holder {
  /** Shares of r and of r mod 2^l: on polynomials that are 0 at party 2. */
  readonly mask: Vec
  readonly low: Vec
  /** Signs of which party 2 knows nothing. */
  readonly sign: Vec
  /** Of one part of the bits of c': the same part of the e_i, times random elements, in random order, masked. The first part carries what both know. */
  blind(part: Vec, first: boolean): Vec
}

function holderOf(op: Party, count: number, bits: number, pieceBits: number): Holder {
  const { field, session } = op
  const { weight } = session.mySets.find(({ number }) => number === OPENER)!
  const stream = (purpose: string): Stream => op.setStream(OPENER, purpose)
  const raw = field.sampleRaw(count, pieceBits, stream('mask'))
  const lowRaw = field.lowRaw(raw, bits)
  const share = (plain: Vec): Vec => field.mul(field.fromRaw(plain), weight)
  const flags = stream('sign')(count)
  const sign = field.fromIntegers(Array.from({ length: count }, (_, j) => 1 - 2 * (flags[j]! & 1)))
  const length = (bits + 1) * count
  return {
    mask: share(raw),
    low: share(lowRaw),
    sign,
    blind(part, first) {
      const known = bitsOf(field, lowRaw, bits)
      // a xor b = b + (1 - 2b) a, which is linear in the part of a
      const turned = field.mul(field.sub(field.constant(1n), field.add(known, known)), part)
      const differs = first ? field.add(turned, known) : turned
      const above = sumsAbove(field, differs, count)
      const three = field.mul(above, field.constant(3n))
      // below all bits stand those of 2c' + 1 and 2r': 1 and 0
      const own = field.concat([field.zeros(count), part])
      const e = field.add(own, three)
      if (first) {
        const lowest = field.fill(field.constant(1n), count)
        const fixed = field.sub(field.fill(sign, bits + 1), field.concat([field.neg(lowest), known]))
        field.add(e, fixed, e)
      }
      const random = field.mul(e, field.sample(length, stream('factor')))
      const ordered = field.gather(random, shuffled(bits + 1, count, stream('order')))
      const zeros = field.sample(length, stream('zero'))
      return first ? field.add(ordered, zeros) : field.sub(ordered, zeros)
    }
  }
}

/** For l rows the l + 1 sums of all rows from the first, the second, ... on, and of none. */
function sumsAbove(field: Field, rows: Vec, count: number): Vec {
  const sums = field.concat([rows, field.zeros(count)])
  const length = field.length(sums)
  for (let step = count; step < length; step *= 2) {
    const moved = field.add(field.slice(sums, 0, length - step), field.slice(sums, step))
    sums.set(moved)
  }
  return sums
}

/** For each column its places in random order, as indices: uniform up to 2^-46 a choice. */
function shuffled(rows: number, count: number, next: Stream): Uint32Array {
  const out = new Uint32Array(rows * count)
  const bytes = next(8 * rows * count).slice()
  const words = new DataView(bytes.buffer, bytes.byteOffset)
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < rows; i++) out[i * count + j] = i * count + j
    for (let i = rows - 1; i > 0; i--) {
      const at = 8 * (i * count + j)
      const uniform = (words.getUint32(at) * 2 ** 21 + (words.getUint32(at + 4) >>> 11)) / 2 ** 53
      const k = Math.floor(uniform * (i + 1))
      const [a, b] = [i * count + j, k * count + j]
      const kept = out[a]!
      out[a] = out[b]!
      out[b] = kept
    }
  }
  return out
}
