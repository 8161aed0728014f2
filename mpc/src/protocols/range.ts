import { MpcError, shapeError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { inBlocks, isAbove, maskBits, type DoubledBits } from './compare.ts'
import { openMasked } from './masked.ts'
import { mul } from './multiply.ts'
import { randomSigns } from './random-bits.ts'

/** Masks here have a bit for each bit of the modulus, so blocks are smaller than those of comparisons. */
const BLOCK = 1024

/**
 * 1 where 0 <= y <= limit, else 0, as shares. `y` may be any element at all: nothing is assumed of its size.
 *
 * y is opened behind a uniform r below p whose bits are shared, so c = y + r says nothing whatever y is. As y = c - r mod p,
 * y is in range exactly if r lies in [c - limit, c], read around the modulus: two comparisons of the bits of r with public
 * numbers.
 *
 * - Shapes: k shares of degree t in, k shares of bits out; 0 <= limit < p - 1.
 * - Cost (up to 1,024 at once): for n = 3, passive, below 35 rounds and about 5.4 (bits of p) k elements a party where p is just
 *   below a power of two; up to 9 times (bits of p) k elsewhere.
 * - Security: that of the session's mode. The masked opening is perfectly hiding; the comparisons are those of `isAbove`.
 * @see docs/spec/mpc.md 5.7.
 * @cost n = 3, 4 elements: passive 24 rounds, 139704 bytes; active, proved 42 rounds, 146248 bytes
 * @cost n = 3, 40 elements: passive 24 rounds, 967632 bytes; active, proved 50 rounds, 980832 bytes
 * @cost n = 4, 4 elements: passive 24 rounds, 278280 bytes; active, proved 54 rounds, 290208 bytes
 */
export async function isInRange(party: Party, y: Vec, limit: bigint): Promise<Vec> {
  const op = party.operation('range')
  const { field } = op
  if (limit < 0n || limit >= field.p - 1n) throw shapeError('range', 'The limit of a range lies outside the field.')
  if (op.session.rehearsal) return field.zeros(field.length(y))
  return inBlocks(op, y, (block, part) => isInRangeBlock(block, part, limit), BLOCK)
}

async function isInRangeBlock(op: Party, y: Vec, limit: bigint): Promise<Vec> {
  const { field } = op
  const { p } = field
  const count = field.length(y)
  const { value, bits } = await uniformWithBits(op, count)
  const c = field.toBigints(await openMasked(op, field.add(y, value)))
  // in range = [r >= c - limit] - [r > c], and 1 more where the interval wraps
  const lower = c.map(high => (high - limit - 1n + p) % p)
  const wraps = c.map(high => (high <= limit ? 1 : 0))
  const plain = field.toRaw(field.from([...lower, ...c]))
  const twice = (v: Vec): Vec => doubleGroups(op, v, field.bits, count)
  const signs = await randomSigns(op, 2 * count)
  const above = await isAbove(op, { up: twice(bits.up), down: twice(bits.down) }, signs, plain, field.bits)
  const difference = field.sub(field.slice(above, 0, count), field.slice(above, count, 2 * count))
  return field.add(difference, field.fromIntegers(wraps))
}

/** Each group of `count` twice in a row. */
function doubleGroups({ field }: Party, v: Vec, groups: number, count: number): Vec {
  return field.concat(
    Array.from({ length: 2 * groups }, (_, i) => field.slice(v, (i >> 1) * count, ((i >> 1) + 1) * count))
  )
}

/**
 * Uniform numbers below p with their bits, all shared. Candidates of as many bits as p has are drawn until enough were below
 * p; which ones were not is opened, and says nothing of those that are kept.
 */
async function uniformWithBits(party: Party, count: number): Promise<{ value: Vec; bits: DoubledBits }> {
  const op = party.operation('uniform')
  const { field } = op
  const width = field.bits
  const kept = Number((field.p << 20n) >> BigInt(width)) / 2 ** 20
  const top = field.toRaw(field.constant(-1n))
  const found: { value: Vec; up: Vec; down: Vec }[] = []
  for (let have = 0; have < count;) {
    const wanted = count - have
    const tries = Math.ceil(wanted / kept + (kept > 0.9999 ? 0 : 2 * Math.sqrt(wanted)))
    const signs = await randomSigns(op, (width + 1) * tries)
    const { low, up, down } = maskBits(op, signs, width, tries)
    const beyond = await isAbove(op, { up, down }, field.slice(signs, width * tries), field.fill(top, tries), width)
    const flags = field.toBigints(await openMasked(op, beyond))
    const places = flags.flatMap((flag, i) => (flag === 0n ? [i] : [])).slice(0, wanted)
    have += places.length
    const all = Array.from({ length: width }, (_, bit) => places.map(place => bit * tries + place)).flat()
    found.push({ value: field.gather(low, places), up: field.gather(up, all), down: field.gather(down, all) })
  }
  if (found.length === 1) return { value: found[0]!.value, bits: found[0]! }
  const join = (name: 'up' | 'down'): Vec =>
    field.concat(
      Array.from({ length: width }, (_, bit) =>
        found.map(part => {
          const size = field.length(part.value)
          return field.slice(part[name], bit * size, (bit + 1) * size)
        })
      ).flat()
    )
  return { value: field.concat(found.map(({ value }) => value)), bits: { up: join('up'), down: join('down') } }
}

/** @throws MPC_SHAPE if 2^bits is no bound for `allWithin`, MPC_RANGE if it is too large for the modulus. */
export function requireCheckable({ field }: Party, bits: number): void {
  if (!Number.isInteger(bits) || bits < 0) throw shapeError('range', `2^${bits} is no bound of whole numbers.`)
  if (bits <= field.bits - 3) return
  throw new MpcError(
    { code: 'MPC_RANGE', what: 'range', bits, limitBits: field.bits - 3 },
    `A bound of 2^${bits} cannot be checked: this modulus takes up to 2^${field.bits - 3}.`
  )
}

/**
 * Whether |x| <= 2^bits for all elements, told to all nodes and nothing else: which element is too large, and by how much,
 * stays hidden. The number of those outside, times a uniform element, is opened: 0 or uniform; 0 by mistake with chance 1/p.
 *
 * - Shapes: k shares of degree t in, one public bit out; 0 <= bits <= (bits of p) - 3.
 * - Security: that of the session's mode. Nodes learn the bit and nothing else, whatever x is.
 * @see docs/spec/mpc.md 5.7.
 * @cost n = 3, 4 elements: passive 26 rounds, 139752 bytes; active, proved 48 rounds, 146792 bytes
 * @cost n = 4, 4 elements: passive 26 rounds, 278352 bytes; active, proved 64 rounds, 290850 bytes
 */
export async function allWithin(party: Party, x: Vec, bits: number): Promise<boolean> {
  const op = party.operation('within')
  const { field } = op
  if (field.length(x) === 0) return true
  requireCheckable(op, bits)
  const bound = 2n ** BigInt(bits)
  const flags = await isInRange(op, field.add(x, field.constant(bound)), 2n * bound)
  if (op.session.rehearsal) return true
  const outside = field.sub(field.constant(BigInt(field.length(x))), field.sum(flags))
  const blinded = await openMasked(op, await mul(op, outside, op.random(1, 'verdict')))
  return field.toBigints(blinded)[0] === 0n
}
