import { FEW, isNegativeBetween } from '../bits/compare-few.ts'
import { isNegativeOpenedReplicated, isNegativeReplicated } from '../bits/compare.ts'
import type { Vec } from '../field/field.ts'
import { requireRoom } from '../plan/room.ts'
import type { Party } from '../session/party.ts'
import { mul } from './multiply.ts'
import { openMasked } from './masked.ts'
import { openTrusting } from './open.ts'
import { breathe } from './reshare.ts'
import { randomSigns } from './random-bits.ts'

/** Comparisons done at once: one block's working vectors stay below 20 MB. Larger batches go block by block. */
const BLOCK = 4096
const REPLICATED_BLOCK = 16_384

/**
 * 1 where d < 0, else 0, as shares: on replicated bits for three nodes (a few in passive mode with fewer messages), on field elements for more.
 * Costs: `isNegativeReplicated`, `isNegativeBetween` and `isNegativeInField`.
 *
 * - Shapes: k shares of degree t with |d| <= 2^bits - 1 in, k shares of bits out.
 * - Security: that of the session's mode. What is opened is masked: c up to 2^-(statistical bits), the rest uniform (or, in the field, 0 or
 *   uniform with chance 1/2).
 * @see docs/spec/mpc.md 5.3; the sources of the three.
 * @cost n = 3, 4 elements: passive 5 rounds, 768 bytes; active, proved 15 rounds, 7638 bytes
 * @cost n = 3, 40 elements: passive 5 rounds, 2992 bytes; active, proved 18 rounds, 11858 bytes
 * @cost n = 4, 4 elements: passive 7 rounds, 3552 bytes; active, proved 27 rounds, 8799 bytes
 */
export async function isNegative(party: Party, d: Vec, bits: number): Promise<Vec> {
  if (party.session.rehearsal) return roomOnly(party, 'comparison', d, bits)
  if (party.n !== 3) return isNegativeInField(party, d, bits)
  if (!party.active && party.field.length(d) <= FEW) return isNegativeBetween(party, d, bits)
  return inBlocks(
    party.operation('negative'),
    d,
    (block, part) => isNegativeReplicated(block, part, bits),
    REPLICATED_BLOCK
  )
}

/**
 * Whether d < 0, told to all nodes: for branches of a program that may depend on it, and for answers that all may know.
 *
 * - Shapes: k shares of degree t with |d| <= 2^bits - 1 in, k answers out.
 * - Cost: n = 3: `isNegativeOpenedReplicated`, one element in place of three; otherwise that of `isNegative` and an opening.
 * - Security: that of the session's mode; nodes learn the answers and nothing else.
 * @throws MPC_RANGE if the field cannot mask bits + 1 bits.
 * @see docs/spec/mpc.md 5.3.
 * @cost n = 3, 4 elements: passive 5 rounds, 152 bytes; active, proved 14 rounds, 6638 bytes
 * @cost n = 3, 40 elements: passive 5 rounds, 1072 bytes; active, proved 16 rounds, 8570 bytes
 * @cost n = 4, 4 elements: passive 8 rounds, 3648 bytes; active, proved 28 rounds, 9087 bytes
 */
export async function isNegativeOpened(party: Party, d: Vec, bits: number): Promise<boolean[]> {
  const op = party.operation('negative-opened')
  const { field } = op
  const count = field.length(d)
  if (op.session.rehearsal) {
    roomOnly(op, 'comparison', d, bits)
    return Array<boolean>(count).fill(false)
  }
  if (op.n !== 3) return field.toBigints(await openMasked(op, await isNegative(op, d, bits))).map(bit => bit === 1n)
  const answers: boolean[] = []
  for (let at = 0; at < count; at += REPLICATED_BLOCK) {
    const size = Math.min(REPLICATED_BLOCK, count - at)
    const words = await isNegativeOpenedReplicated(op, field.slice(d, at, at + size), bits)
    // the highest bit of d + 2^bits is 1 where d >= 0
    for (let i = 0; i < size; i++) answers.push(((words[i >> 5]! >>> (i & 31)) & 1) === 0)
  }
  return answers
}

function roomOnly({ session, field }: Party, what: string, d: Vec, bits: number): Vec {
  requireRoom(session, what, bits)
  return field.zeros(field.length(d))
}

/**
 * 1 where d < 0, else 0, as shares, for any number of nodes.
 *
 * d mod 2^l comes from one opening of c = d + 2^l + 2^l r'' + r', where r' has l shared random bits: it is c' - r' + 2^l u
 * with c' = c mod 2^l and u = [c' < r']. For u, a secret sign s asks one of two questions: with the bits of 2c'+1 and 2r'
 * (never equal), e_i = s + c_i - r_i + 3 (number of differing bits above i) is 0 for some i exactly if s = 1 and c' < r', or
 * s = -1 and c' > r'. The product of all e_i times a uniform factor is opened: 0 or uniform, each with chance 1/2.
 *
 * - Shapes: k shares of degree t with |d| <= 2^bits - 1 in, k shares of bits out.
 * - Cost (up to 4,096 at once): t = 1: 4 + ceil(log2(bits + 1)) rounds; for n = 3 at most (3 bits + 5) k elements a party.
 * - Security: that of the session's mode; active checks all products, those of the bits included, before each opening. The first hides d up to 2^-(statistical bits), the second is uniform but for a chance
 *   of 1/p an element, in which case the result is also wrong.
 * @throws MPC_RANGE if the field cannot mask bits + 1 bits.
 * @see Damgard, Geisler, Kroigaard 2007 for e_i; Catrina, de Hoogh, SCN 2010, for the frame; docs/spec/mpc.md.
 * @cost n = 3, 4 elements: passive 7 rounds, 1920 bytes; active, proved 18 rounds, 5008 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 19200 bytes; active, proved 20 rounds, 26208 bytes
 * @cost n = 4, 4 elements: passive 7 rounds, 3552 bytes; active, proved 27 rounds, 8799 bytes
 */
export async function isNegativeInField(party: Party, d: Vec, bits: number): Promise<Vec> {
  const op = party.operation('negative')
  return inBlocks(op, d, (block, part) => isNegativeBlock(block, part, bits))
}

async function isNegativeBlock(op: Party, d: Vec, bits: number): Promise<Vec> {
  const { field, session } = op
  const { pieceBits } = requireRoom(session, 'comparison', bits)
  const count = field.length(d)
  const power = field.constant(2n ** BigInt(bits))
  const signs = await randomSigns(op, (bits + 1) * count)
  const { low, up, down } = maskBits(op, signs, bits, count)
  const sign = field.slice(signs, bits * count)
  const high = op.bounded(count, pieceBits - bits).whole
  const masked = field.add(field.add(d, power), field.add(low, field.mul(high, power)))
  const c = field.toRaw(await openMasked(op, masked))

  const u = await isAbove(op, { up, down }, sign, c, bits)

  // [d < 0] = (c' - r' + 2^l u - d) / 2^l
  const lowC = field.fromRaw(field.lowRaw(c, bits))
  const inverse = field.inverse(power)
  return field.add(u, field.mul(field.sub(field.sub(lowC, low), d), inverse))
}

/** Bits of shared numbers, lowest first in groups: twice each bit, and twice its complement. */
export interface DoubledBits {
  readonly up: Vec
  readonly down: Vec
}

/**
 * 1 where the public number that the lowest `width` bits of c spell is below the number r of the shared bits, else 0.
 *
 * `sign` holds uniform secret signs that were used for nothing else. Opens one element each: 0 or uniform, with chance 1/2.
 *
 * - Shapes: k numbers of `width` bits as `maskBits` gives them, k signs, k public numbers; k shares of bits out.
 * - Security: that of the session's mode; the sign hides which of the two questions the opening answered.
 * @see Damgard, Geisler, Kroigaard 2007; docs/spec/mpc.md 5.3.
 * @cost n = 3, 1 number of 5 bits: passive 6 rounds, 456 bytes; active, proved 11 rounds, 2056 bytes
 * @cost n = 4, 1 number of 5 bits: passive 6 rounds, 864 bytes; active, proved 15 rounds, 3666 bytes
 */
export async function isAbove(party: Party, { up, down }: DoubledBits, sign: Vec, c: Vec, width: number): Promise<Vec> {
  const op = party.operation('above')
  const { field } = op
  const count = field.length(sign)
  // Everything doubled, which keeps zeros: a bit r is (1 + sigma) / 2, so 2 (c - r) is 1 - sigma or -(1 + sigma), and twice the
  // difference of the bits is 1 - sigma or 1 + sigma. From the top, above = 2 sign + 6 (differing bits above).
  const minus = field.neg(up)
  const factors: Vec[] = []
  let above = field.add(sign, sign)
  for (let i = width - 1; i >= 0; i--) {
    const at = (v: Vec): Vec => field.slice(v, i * count, (i + 1) * count)
    const difference = choose(op, c, i, at(minus), at(down))
    factors.push(field.add(difference, above, difference))
    const differs = choose(op, c, i, at(up), at(down))
    above = field.add(above, field.add(differs, field.add(differs, differs), differs))
    if (i % 4 === 0) await breathe()
  }
  factors.push(field.add(above, field.constant(2n)))
  const product = await multiplyAll(op, factors)
  const answer = zeroFlags(op, await openBlinded(op, product))

  // u = (1 + s (2 answer - 1)) / 2
  const half = field.constant((field.p + 1n) / 2n)
  const oriented = field.mul(sign, field.sub(field.add(answer, answer), field.constant(1n)))
  return field.mul(field.add(oriented, field.constant(1n)), half)
}

/**
 * 1 where d = 0, else 0, as shares.
 *
 * - Shapes: k shares of degree t with |d| <= 2^bits - 1 in, k shares of bits out.
 * - Cost (up to 4,096 at once): t = 1: 3 + ceil(log2(bits + 1)) rounds; for n = 3 at most (3 bits + 3) k elements a party.
 * - Security: that of the session's mode; one masked opening, which hides d up to 2^-(statistical bits).
 * @see Catrina, de Hoogh, SCN 2010, for the frame; docs/spec/mpc.md 5.3.
 * @cost n = 3, 4 elements: passive 6 rounds, 1728 bytes; active, proved 16 rounds, 4528 bytes
 * @cost n = 3, 40 elements: passive 6 rounds, 17280 bytes; active, proved 18 rounds, 23232 bytes
 * @cost n = 4, 4 elements: passive 6 rounds, 3360 bytes; active, proved 25 rounds, 7935 bytes
 */
export async function isZero(party: Party, d: Vec, bits: number): Promise<Vec> {
  if (party.session.rehearsal) return roomOnly(party, 'equality', d, bits)
  const op = party.operation('zero')
  return inBlocks(op, d, async (block, part) => {
    const { field, session } = block
    const { pieceBits } = requireRoom(session, 'equality', bits)
    const count = field.length(part)
    const width = bits + 1
    const signs = await randomSigns(block, width * count)
    const { low, up, down } = maskBits(block, signs, width, count)
    const high = block.bounded(count, pieceBits - width).whole
    const masked = field.add(field.add(part, low), field.mul(high, field.constant(2n ** BigInt(width))))
    // 2^width is added so that c never wraps; modulo 2^width it does not matter
    const shifted = field.add(masked, field.constant(2n ** BigInt(width)))
    const c = field.toRaw(await openMasked(block, shifted))
    const same = Array.from({ length: width }, (_, i) => {
      const at = (v: Vec): Vec => field.slice(v, i * count, (i + 1) * count)
      return choose(block, c, i, at(down), at(up))
    })
    // each factor is twice what it should be
    const scale = field.inverse(field.constant(2n ** BigInt(width)))
    return field.mul(await multiplyAll(block, same), scale)
  })
}

/** Opens product * rho for a uniform rho: 0 where the product is 0, else uniform. */
async function openBlinded(op: Party, product: Vec): Promise<Vec> {
  const { field } = op
  const factor = op.random(field.length(product), 'blind')
  if (op.active) return openMasked(op, await mul(op, product, factor))
  return openTrusting(op, field.add(field.mul(product, factor), op.zero(field.length(product))), 2 * op.t)
}

/**
 * Uniform non-zero multiples of d (or 0): opening them tells whether d = 0 and nothing else. 1 round, 1 element for n = 3.
 *
 * - Shapes: k shares of degree t in and out.
 * - Security: that of the session's mode; what is opened is 0 or uniform, so it says whether d = 0 and nothing else.
 * @see docs/spec/mpc.md 4.3.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes; active, proved 5 rounds, 712 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 9 rounds, 1002 bytes
 */
export async function blindForZeroTest(party: Party, d: Vec): Promise<Vec> {
  const op = party.operation('blind')
  return mul(op, d, op.random(op.field.length(d)))
}

export async function inBlocks(
  op: Party,
  d: Vec,
  run: (block: Party, part: Vec) => Promise<Vec>,
  size = BLOCK
): Promise<Vec> {
  const { field } = op
  const parts: Vec[] = []
  for (let at = 0; at < field.length(d); at += size) {
    parts.push(await run(op.operation('block'), field.slice(d, at, Math.min(field.length(d), at + size))))
  }
  return parts.length === 1 ? parts[0]! : field.concat(parts)
}

/**
 * Bits r = (1 + sigma)/2 in `width` groups of `count`, lowest first: 1 + sigma (twice the bit), 1 - sigma (twice its
 * complement), and the numbers that the bits spell.
 */
export function maskBits({ field }: Party, signs: Vec, width: number, count: number): { low: Vec; up: Vec; down: Vec } {
  const own = field.slice(signs, 0, width * count)
  const one = field.constant(1n)
  const groups = Array.from({ length: width }, (_, i) => field.slice(own, i * count, (i + 1) * count))
  const half = (field.p + 1n) / 2n
  const weights = field.split(field.from(groups.map((_, i) => 2n ** BigInt(i) * half)))
  const all = field.constant((2n ** BigInt(width) - 1n) * half)
  const low = field.add(field.combine(weights, groups), all)
  return { low, up: field.add(own, one), down: field.sub(one, own) }
}

/** Element by element: `one` where the public bit of c is 1, else `zero`. */
function choose({ field }: Party, c: Vec, bit: number, zero: Vec, one: Vec): Vec {
  const out = zero.slice()
  const L = field.limbs
  for (let i = 0; i < field.length(zero); i++) {
    if (field.bitRaw(c, i, bit) === 1) for (let l = i * L; l < (i + 1) * L; l++) out[l] = one[l]!
  }
  return out
}

/**
 * The product of all factors, in ceil(log2) rounds.
 *
 * - Shapes: vectors of one length; their product, element by element.
 * - Security, source: as `reduceProduct`.
 * @cost n = 3, 3 factors: passive 2 rounds, 48 bytes; active, proved 6 rounds, 568 bytes
 * @cost n = 4, 3 factors: passive 2 rounds, 96 bytes; active, proved 10 rounds, 714 bytes
 */
export async function multiplyAll(op: Party, factors: readonly Vec[]): Promise<Vec> {
  const { field } = op
  let layer = [...factors]
  while (layer.length > 1) {
    const half = layer.length >> 1
    const products = await mul(op, field.concat(layer.slice(0, half)), field.concat(layer.slice(half, 2 * half)))
    const size = layer[0]!.length / field.limbs
    const rest = layer.slice(2 * half)
    layer = [...Array.from({ length: half }, (_, i) => field.slice(products, i * size, (i + 1) * size)), ...rest]
  }
  return layer[0]!
}

/** Public: 1 where the opened element is 0. */
function zeroFlags({ field }: Party, opened: Vec): Vec {
  const flags = new Array<number>(field.length(opened))
  for (let i = 0; i < flags.length; i++) {
    let any = 0
    for (let l = i * field.limbs; l < (i + 1) * field.limbs; l++) any |= opened[l]!
    flags[i] = any === 0 ? 1 : 0
  }
  return field.fromIntegers(flags)
}
