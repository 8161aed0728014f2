import type { Vec } from '../field/field.ts'
import { requireRoom } from '../plan/room.ts'
import { openMasked } from '../protocols/masked.ts'
import { verifyProducts } from '../protocols/verify.ts'
import type { Party } from '../session/party.ts'
import { signsOf, unmask } from './convert.ts'
import { Gates, openBits, randomShared } from './replicated.ts'
import { joinShared, mapShared, xorShared, type SharedBits } from './shared-bits.ts'
import { pickRows, repack, rowWords, subtract, toRows, type Words } from './rows.ts'

/**
 * 1 where d < 0, else 0, as shares: three parties, on replicated bits.
 *
 * v = d + 2^l has l + 1 bits, of which the highest says d >= 0. c = v + r_0 + r_1 + r_2 is opened, where party e knows all of
 * the r but r_e. So v = (c - r_0) + (-r_1) + (-r_2) mod 2^(l+1), and each of the three numbers is a replicated sharing as it
 * stands. A carry-save layer makes two numbers of three, a tree of carries finds the highest bit, and a random bit that is
 * shared both ways takes it to the field.
 *
 * - Shapes: k shares of degree 1 with |d| <= 2^bits - 1 in, k shares of bits out.
 * - Cost: 3 + ceil(log2(bits - 1)) rounds for 2 bits and more, one more in active mode; 3 elements and less than 4 (bits + 1) bits
 *   each (in whole words for 32 numbers). With a stock 1 element in place of 3.
 * - Security: that of the session's mode. c hides d up to 2^-(statistical bits); everything else that is opened or sent is uniform.
 * @throws MPC_RANGE if the field cannot mask bits + 1 bits.
 * @see docs/spec/mpc.md 5.3; Escudero et al., CRYPTO 2020, for bits shared both ways.
 * @cost n = 3, 4 elements: passive 5 rounds, 344 bytes; active, proved 15 rounds, 7638 bytes
 * @cost n = 3, 40 elements: passive 5 rounds, 2992 bytes; active, proved 18 rounds, 11858 bytes
 */
export async function isNegativeReplicated(party: Party, d: Vec, bits: number): Promise<Vec> {
  const count = party.field.length(d)
  const ready = party.stock?.take('bit-signs', count)
  const op = party.operation(ready ? `negative with ${ready.place}` : 'negative')
  const { field } = op
  const addends = await openAddends(op, d, bits)
  const mask = ready?.bits ?? randomShared(op, rowWords(count), 'mask')
  const [signs, opened] = await Promise.all([
    ready ? ready.vectors[0]! : signsOf(op, mask, count),
    topBit(op, addends, bits + 1, count, mask)
  ])
  // the highest bit of v is 1 where d >= 0
  return field.sub(field.constant(1n), unmask(op, opened, signs))
}

/**
 * Whether d < 0, told to all nodes: three parties, on replicated bits. As `isNegativeReplicated` without the random bit and the way to the
 * field: the highest bit itself is opened, in active mode after its gates are proved.
 *
 * - Shapes: k shares of degree 1 with |d| <= 2^bits - 1 in, k plain bits in whole words out.
 * - Cost: 1 + ceil(log2(bits - 1)) rounds and those of the opening; 1 element and less than 4 (bits + 1) bits each.
 * - Security: that of the session's mode. Opening a replicated bit tells each party its missing component, which follows from the bit and
 *   the two that it has: so the answer is told and nothing else.
 * @throws MPC_RANGE if the field cannot mask bits + 1 bits.
 * @see docs/spec/mpc.md 5.3.
 * @cost n = 3, 4 elements: passive 5 rounds, 152 bytes; active, proved 14 rounds, 6638 bytes
 * @cost n = 3, 40 elements: passive 5 rounds, 1072 bytes; active, proved 16 rounds, 8570 bytes
 */
export async function isNegativeOpenedReplicated(party: Party, d: Vec, bits: number): Promise<Words> {
  const op = party.operation('negative-opened')
  const count = op.field.length(d)
  return topBit(op, await openAddends(op, d, bits), bits + 1, count, null)
}

/** The three numbers whose sum is d + 2^bits modulo 2^(bits + 1), as rows of bits. */
async function openAddends(op: Party, d: Vec, bits: number): Promise<SharedBits> {
  const { field, session } = op
  const width = bits + 1
  const { pieceBits } = requireRoom(session, 'comparison', bits)
  const { whole, pieces } = op.bounded(field.length(d), pieceBits)
  const c = await openMasked(op, field.add(field.add(d, whole), field.constant(2n ** BigInt(bits))))
  const each = Math.ceil(width / 32)
  const plain = (raw: Vec): Words => repack(raw, field.limbs, field.form.width, each)
  const opened = plain(field.toRaw(c))
  const component = (excluded: number): Words => {
    const set = excluded % 3
    const piece = plain(pieces[session.mySets.findIndex(({ number }) => number === set)]!)
    return toRows(subtract(set === 0 ? opened : null, piece, each), each, width)
  }
  return { first: component(op.index + 1), second: component(op.index + 2) }
}

/**
 * Bit width - 1 of the sum of three numbers, XORed with `mask` and opened. Without a mask it is the answer itself: then all gates are proved
 * before it is opened.
 */
async function topBit(
  op: Party,
  addends: SharedBits,
  width: number,
  count: number,
  mask: SharedBits | null
): Promise<Words> {
  const openProved = async (x: SharedBits): Promise<Words> => {
    if (mask === null) await verifyProducts(op)
    return openBits(op, x)
  }
  const [stride, lanes] = [rowWords(count), Math.min(32, count)]
  const rows = (x: SharedBits, from: number, to: number, step = 1): SharedBits =>
    mapShared(x, words => pickRows(words, stride, from, to, step))
  // sum = addends (XORed: a sharing already) + 2 * carry
  const gates = new Gates(op, lanes)
  const carry = await gates.majority(rows(addends, 0, width - 1))
  const upper = rows(addends, 1, width - 1)
  const lower = rows(carry, 0, width - 2)
  const sum = xorShared(rows(addends, width - 1, width), rows(carry, width - 2, width - 1))
  const rest = mask ? xorShared(mask, sum) : sum
  let size = width - 2
  if (size <= 0) return openProved(rest)
  const finish = async (x: SharedBits, y: SharedBits, plus: SharedBits): Promise<Words> =>
    op.active ? openProved(xorShared(plus, await gates.and(x, y))) : gates.openWithAnd(x, y, plus)
  if (size === 1) return finish(upper, lower, rest)
  let generate = await gates.and(upper, lower)
  let propagate = xorShared(upper, lower)
  // neighbours join: (g, p) over (g', p') is (g ^ p g', p p'); the lowest p is never needed
  for (; size > 2;) {
    const pairs = size >> 1
    const [g, p] = [generate, propagate]
    const high = rows(p, 1, 2 * pairs, 2)
    const both = await gates.and(
      joinShared([high, rows(high, 1, pairs)]),
      joinShared([rows(g, 0, 2 * pairs, 2), rows(p, 2, 2 * pairs, 2)])
    )
    const joined = xorShared(rows(g, 1, 2 * pairs, 2), rows(both, 0, pairs))
    const left = size % 2 === 1 ? [size - 1] : []
    generate = joinShared([joined, ...left.map(at => rows(g, at, at + 1))])
    // row 0 of p is a place holder
    propagate = joinShared([rows(p, 0, 1), rows(both, pairs, 2 * pairs - 1), ...left.map(at => rows(p, at, at + 1))])
    size = pairs + left.length
  }
  const plus = xorShared(rest, rows(generate, 1, 2))
  return finish(rows(propagate, 1, 2), rows(generate, 0, 1), plus)
}
