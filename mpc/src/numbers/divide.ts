import { MpcError } from '../errors.ts'
import { roomOf } from '../plan/room.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { add, mul, mulMany, neg, publicValue, sameShape, sub, withFraction } from './arithmetic.ts'
import { lt, select } from './compare.ts'
import { normalise, type Normalised } from './normalise.ts'
import { parallel } from '../protocols/masked.ts'
import { alignTo, range, reshape, sizeOf, stack, withBits, type Secret } from './secret.ts'
import { planned } from '../plan/rehearse.ts'

/** A result that may not exist: `valid` is a shared bit for each element, and where it is 0 the value is 0 and means nothing. */
export interface Partial {
  readonly value: Secret
  readonly valid: Secret
}

/** Significant bits that iterations carry, and the least that is accepted. */
const WORKING_BITS = 40
const LEAST_BITS = 16

function precisionError(what: string, bits: number): MpcError {
  return new MpcError(
    { code: 'MPC_RANGE', what, bits, limitBits: LEAST_BITS },
    `${what}: only ${bits} significant bits would be right with these bounds.`,
    { hint: 'Declare tighter bounds for the inputs, ask for fewer fraction bits, or choose a larger modulus.' }
  )
}

const vector = (shares: Vec, rows: number, fraction: number, bits: number): Secret => ({
  shares,
  rows,
  columns: 1,
  fraction,
  bits
})

export interface DivideOptions {
  /** |a / b| <= 2^this, or the result is invalid. 20 by default. */
  readonly quotientMagnitude?: number
  /** Fraction bits of the quotient; the larger of the operands' by default. */
  readonly fraction?: number
  /** The caller knows that b > 0: saves a comparison. */
  readonly positive?: boolean
}

/**
 * a / b element by element.
 *
 * b is normalised to y in [1/2, 1) by a secret power of two, 1/y found by Goldschmidt's iteration from 2.9142 - 2y (error
 * below 0.0858, squared four times), and a scaled by the same power. What does not satisfy |a| < 2^q |b| is taken out before,
 * so no opening exceeds its mask: also b = 0 gives valid = 0, never a wrong number.
 *
 * - Shapes: two of one shape, or any and a scalar; value and flag for each element.
 * - Accuracy: |error| <= 2^-fraction * (truncation error + 1) + |a/b| 2^-(g - 5) with g = 40 working bits, or what the field
 *   leaves; fewer than 16 are refused.
 * - Cost: four comparisons in sequence (three with `positive`) and about 10 rounds more.
 * - Security: that of the session's mode, being that of the comparisons, products and truncations it is made of: nothing else is opened.
 * @throws MPC_RANGE if the field cannot carry it.
 * @see Catrina, Saxena, FC 2010, for Goldschmidt's division on shares.
 * @cost n = 3, 1 element: passive 25 rounds, 5260 bytes; active, proved 89 rounds, 27192 bytes
 * @cost n = 4, 1 element: passive 34 rounds, 86664 bytes; active, proved 155 rounds, 116328 bytes
 */
export function divide(party: Party, a: Secret, b: Secret, options: DivideOptions = {}): Promise<Partial> {
  return planned(party, 'divide', [a, b, options], op => divideSteps(op, a, b, options))
}

async function divideSteps(op: Party, a: Secret, b: Secret, options: DivideOptions): Promise<Partial> {
  const shape = sameShape('divide', a, b)
  const shaped = (found: Partial): Partial => inShape(found, shape)
  if (options.positive) return shaped(await dividePositive(op, a, b, options))
  const negative = await lt(op, b, publicValue(op, [0]))
  const flip = sub(op, publicValue(op, [1]), add(op, negative, negative))
  const count = Math.max(sizeOf(a), sizeOf(b))
  const [top, bottom] = [spread(op, a, count), spread(op, b, count)]
  const flips = spread(op, flip, count)
  const [x, y] = await parallel<[Secret, Secret]>(op, [
    branch => mul(branch, top, flips, a.fraction),
    branch => mul(branch, bottom, flips, b.fraction)
  ])
  return shaped(await dividePositive(op, withBits(x, a.bits), withBits(y, b.bits), options))
}

const inShape = ({ value, valid }: Partial, { rows, columns }: { rows: number; columns: number }): Partial => ({
  value: reshape(value, rows, columns),
  valid: reshape(valid, rows, columns)
})

const spread = (party: Party, a: Secret, count: number): Secret =>
  sizeOf(a) === count
    ? { ...a, rows: count, columns: 1 }
    : { ...a, shares: party.field.fill(a.shares, count), rows: count, columns: 1 }

async function dividePositive(op: Party, a: Secret, b: Secret, options: DivideOptions): Promise<Partial> {
  const { quotientMagnitude = 20, fraction = Math.max(a.fraction, b.fraction) } = options
  const room = roomOf(op.session).valueBits
  const count = Math.max(sizeOf(a), sizeOf(b))
  const [top, bottom] = [spread(op, a, count), spread(op, b, count)]
  // In whole numbers A and X: a / b = (A / X) 2^offset, so |A / X| < 2^ratio must hold
  const offset = bottom.fraction - top.fraction
  const ratio = quotientMagnitude - offset
  const headroom = Math.max(0, fraction + offset + 2)
  const working = Math.min(WORKING_BITS, Math.floor((room - 8) / 2), Math.floor(room - (ratio + headroom + 6)))
  if (working < LEAST_BITS) throw precisionError('divide', working)

  // |A| < 2^ratio X, both sides as whole numbers
  const scaleUp = (v: Secret, bits: number): Secret => alignTo(op, { ...v, fraction: 0 }, Math.max(0, bits))
  const limit = { ...scaleUp(bottom, ratio), fraction: 0 }
  const size = { ...scaleUp(top, -ratio), fraction: 0 }
  const [within, normal] = await parallel<[Secret, Normalised]>(op, [
    branch => lt(branch, stack(op, [size, neg(op, size)]), stack(op, [limit, limit])),
    branch => normalise(branch, { ...bottom, fraction: 0 }, 1)
  ])
  const valid = await mul(op, range(op, within, 0, count), range(op, within, count, 2 * count))
  const kept = await mul(op, { ...top, fraction: 0 }, valid)

  const width = normal.width
  const factor = vector(normal.factor, count, 0, width)
  const scaled = withBits(await mul(op, kept, factor), Math.min(kept.bits + width, ratio + width))
  const y = vector(normal.values, count, width, width)
  const [numerator, inverse] = await parallel<[Secret, Secret]>(op, [
    branch => withFraction(branch, { ...scaled, fraction: width }, headroom),
    branch => invert(branch, y, working)
  ])
  const product = await mul(op, numerator, inverse, fraction + offset)
  const bounded = { ...product, fraction, bits: Math.min(product.bits, quotientMagnitude + fraction + 1) }
  return { value: await mul(op, bounded, valid), valid }
}

/** 1/y for y in [1/2, 1) with `working` fraction bits; up to 2^5.6 for y = 0. 6 rounds. */
async function invert(party: Party, y: Secret, working: number): Promise<Secret> {
  const op = party.operation('invert')
  const cut = await withFraction(op, y, working)
  const start = sub(op, publicValue(op, [2.9142], working), add(op, cut, cut))
  let w = withBits(start, working + 1.6)
  let e = withBits(sub(op, publicValue(op, [1], working), await mul(op, cut, w)), working + 0.01)
  for (let step = 0; step < 4; step++) {
    const [growth, square] = await mulMany(op, [
      [w, e],
      [e, e]
    ])
    w = add(op, w, growth!)
    e = square!
  }
  return withBits(w, working + 6)
}

/**
 * 1 / x: `divide` of 1.
 *
 * - Shapes: any.
 * - Accuracy, security, source: as `divide`.
 * @cost n = 3, 1 element: passive 25 rounds, 4468 bytes; active, proved 89 rounds, 26492 bytes
 * @cost n = 4, 1 element: passive 30 rounds, 82032 bytes; active, proved 156 rounds, 110592 bytes
 */
export const reciprocal = (party: Party, x: Secret, options: DivideOptions = {}): Promise<Partial> =>
  divide(party, publicValue(party, [1]), x, { fraction: x.fraction, ...options })

interface Roots {
  /** Square root of the normalised value and its inverse, with `working` fraction bits. */
  readonly root: Secret
  readonly inverse: Secret
}

/**
 * sqrt(y) and 1/sqrt(y) for y in [1/4, 1): coupled Newton iteration from 2.2067 - 1.3333 y. 10 rounds.
 *
 * - Shapes: a vector of numbers in [1/4, 1).
 * - Accuracy: 2^-(working - 6) of both; what exceeds [1/4, 1), and 0, gives numbers within the bounds that are declared.
 * - Security: that of the session's mode. What is opened is masked (`truncate`); in active mode the product is proved before.
 * @see Markstein: "Software division and square root using Goldschmidt's algorithms", 2004, for the coupled iteration; docs/spec/mpc.md 5.4.
 * @cost n = 3, 4 elements: passive 10 rounds, 2688 bytes; active, proved 60 rounds, 12512 bytes
 * @cost n = 4, 4 elements: passive 10 rounds, 2688 bytes; active, proved 100 rounds, 17772 bytes
 */
export async function normalRoots(party: Party, y: Secret, working: number): Promise<Roots> {
  const op = party.operation('roots')
  const cut = await withFraction(op, y, working)
  const third = publicValue(op, [1.3333], 20)
  const slope = await mul(op, cut, third, working)
  let inverse = withBits(sub(op, publicValue(op, [2.2067], working), slope), working + 1.2)
  let root = withBits(await mul(op, cut, inverse), working + 0.5)
  for (let step = 0; step < 4; step++) {
    // (1 - root * inverse) / 2: one fraction bit less, then read as one more
    const product = await mul(op, root, inverse, working - 1)
    const half = { ...sub(op, publicValue(op, [1], working - 1), product), fraction: working }
    const small = withBits(half, working - 0.9)
    const [more, inverseMore] = await mulMany(op, [
      [root, small],
      [inverse, small]
    ])
    root = withBits(add(op, root, more!), working + 0.5)
    inverse = withBits(add(op, inverse, inverseMore!), working + 4)
  }
  return { root, inverse }
}

export interface RootOptions {
  readonly fraction?: number
  /** The caller knows that x >= 0: saves a comparison and a product. */
  readonly nonNegative?: boolean
}

async function prepareRoot(op: Party, x: Secret, nonNegative: boolean): Promise<{ x: Secret; valid: Secret }> {
  const even = x.fraction % 2 === 0 ? x : alignTo(op, x, x.fraction + 1)
  const column = { ...even, rows: sizeOf(x), columns: 1 }
  if (nonNegative) return { x: column, valid: spread(op, publicValue(op, [1]), column.rows) }
  const negative = await lt(op, column, publicValue(op, [0]))
  const valid = sub(op, publicValue(op, [1]), negative)
  return { x: await mul(op, column, { ...valid, bits: 0 }), valid: { ...valid, bits: 0 } }
}

/**
 * Square root, element by element. Negative values are invalid; sqrt(0) = 0.
 *
 * - Shapes: any; value and flag for each element.
 * - Accuracy: |error| <= 2^-fraction * (truncation error + 1) + sqrt(x) 2^-(g - 6), g = 40 working bits or what the field leaves.
 * - Cost: two comparisons (three unless `nonNegative`) and about 15 rounds more.
 * - Security: that of the comparisons, products and truncations it is made of: nothing else is opened.
 * @see docs/spec/mpc.md 5.4; `normalRoots`.
 * @cost n = 3, 1 element: passive 27 rounds, 3036 bytes; active, proved 107 rounds, 26812 bytes
 * @cost n = 4, 1 element: passive 32 rounds, 68184 bytes; active, proved 185 rounds, 93324 bytes
 */
export function sqrt(party: Party, x: Secret, options: RootOptions = {}): Promise<Partial> {
  return planned(party, 'sqrt', [x, options], op => sqrtSteps(op, x, options))
}

async function sqrtSteps(
  op: Party,
  x: Secret,
  { fraction = x.fraction, nonNegative = false }: RootOptions
): Promise<Partial> {
  const prepared = await prepareRoot(op, x, nonNegative)
  const { y, working, normal, count } = await normaliseForRoot(op, prepared.x)
  const { root } = await normalRoots(op, y, working)
  // sqrt(X) = root * 2^(width/2 - j) = root * inverseRoot * 2^(width/2 - maxRoot)
  const shift = vector(normal.inverseRoot, count, 0, normal.maxRoot)
  const drop = working + normal.maxRoot - normal.width / 2 + prepared.x.fraction / 2
  const product = await mul(op, root, { ...shift, fraction: drop - working }, Math.min(fraction, drop))
  const value = alignTo(op, product, fraction)
  const bounded = withBits(value, prepared.x.bits / 2 - prepared.x.fraction / 2 + fraction + 1)
  return inShape({ value: nonNegative ? bounded : await mul(op, bounded, prepared.valid), valid: prepared.valid }, x)
}

/**
 * 1 / sqrt(x), element by element; valid only for x > 0. Costs as `sqrt`.
 *
 * - Shapes, security, source: as `sqrt`.
 * - Accuracy: |error| <= 2^-fraction * (truncation error + 1) + x^-1/2 2^-(g - 6), g = 40 working bits or what the field leaves.
 * @cost n = 3, 1 element: passive 27 rounds, 3036 bytes; active, proved 107 rounds, 26812 bytes
 * @cost n = 4, 1 element: passive 32 rounds, 68184 bytes; active, proved 185 rounds, 93324 bytes
 */
export function inverseSqrt(party: Party, x: Secret, options: RootOptions = {}): Promise<Partial> {
  return planned(party, 'inverse-sqrt', [x, options], op => inverseSqrtSteps(op, x, options))
}

async function inverseSqrtSteps(op: Party, x: Secret, { fraction = x.fraction }: RootOptions): Promise<Partial> {
  const positive = await lt(op, publicValue(op, [0]), x)
  const even = x.fraction % 2 === 0 ? x : alignTo(op, x, x.fraction + 1)
  const column = { ...even, rows: sizeOf(x), columns: 1 }
  // where x <= 0 a 1 stands in, so that nothing grows without bound
  const one = publicValue(op, Array<number>(column.rows).fill(1))
  const safe = await select(op, { ...positive, rows: column.rows, columns: 1 }, { ...column, fraction: 0 }, one)
  const { y, working, normal, count } = await normaliseForRoot(op, { ...safe, fraction: column.fraction })
  const { inverse } = await normalRoots(op, y, working)
  const root = vector(normal.root, count, 0, normal.maxRoot)
  const drop = working + normal.width / 2 - column.fraction / 2
  const product = await mul(
    op,
    withBits(inverse, working + 1.2),
    { ...root, fraction: drop - working },
    Math.min(fraction, drop)
  )
  const value = withBits(alignTo(op, product, fraction), column.fraction / 2 + fraction + 1)
  const valid = { ...positive, rows: count, columns: 1 }
  return inShape({ value: await mul(op, value, valid, fraction), valid }, x)
}

async function normaliseForRoot(
  op: Party,
  x: Secret
): Promise<{ y: Secret; working: number; normal: Awaited<ReturnType<typeof normalise>>; count: number }> {
  const room = roomOf(op.session).valueBits
  const normal = await normalise(op, { ...x, fraction: 0 }, 2)
  const working = Math.min(WORKING_BITS, Math.floor((room - 5) / 2), Math.floor(room - normal.maxRoot - 5))
  if (working < LEAST_BITS) throw precisionError('sqrt', working)
  const count = sizeOf(x)
  return { y: vector(normal.values, count, normal.width, normal.width), working, normal, count }
}
