import { shapeError } from '../errors.ts'
import { blindForZeroTest, isNegative, isNegativeOpened, isZero } from '../protocols/compare.ts'
import { parallel } from '../protocols/masked.ts'
import { elements } from '../protocols/product.ts'
import { reduceProduct } from '../protocols/multiply.ts'
import type { Party } from '../session/party.ts'
import { add, neg, scaleInteger, sub } from './arithmetic.ts'
import { alignTo, pick, range, requireChecked, sizeOf, stack, withBits, type Secret } from './secret.ts'
import { planned } from '../plan/rehearse.ts'

const bit = (like: Secret, shares: Secret['shares']): Secret => ({
  shares,
  rows: like.rows,
  columns: like.columns,
  fraction: 0,
  bits: 0
})

/** Whole bits l with |d| <= 2^l - 1. */
const strictBits = ({ bits }: Secret): number => Math.max(1, Math.floor(bits) + 1)

const not = (party: Party, b: Secret): Secret => bit(b, party.field.sub(party.field.constant(1n), b.shares))

async function negative(party: Party, d: Secret): Promise<Secret> {
  requireChecked('comparison', d)
  return bit(d, await isNegative(party, d.shares, strictBits(d)))
}

/**
 * Shared bits: 1 where a < b, else 0. Bounds of the operands decide how many bits are compared.
 *
 * - Shapes: two of one shape, or any and a scalar; the result has one bit for each element.
 * - Accuracy: exact, but for a chance of 1/p an element where a product is opened as 0 or uniform: with more than three nodes, and for a
 *   few elements in passive mode.
 * - Security, source: as `isNegative`.
 * @cost n = 3, 1 element: passive 5 rounds, 360 bytes; active, proved 17 rounds, 7166 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 3200 bytes; active, proved 20 rounds, 13602 bytes
 * @cost n = 4, 1 element: passive 8 rounds, 1896 bytes; active, proved 28 rounds, 5343 bytes
 */
export const lt = async (party: Party, a: Secret, b: Secret): Promise<Secret> =>
  negative(party.operation('lt'), sub(party, a, b))
/**
 * 1 where a > b, else 0.
 *
 * - Shapes, accuracy, security, source: as `lt`.
 * @cost n = 3, 1 element: passive 5 rounds, 360 bytes; active, proved 17 rounds, 7166 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 3200 bytes; active, proved 20 rounds, 13602 bytes
 * @cost n = 4, 1 element: passive 8 rounds, 1896 bytes; active, proved 28 rounds, 5343 bytes
 */
export const gt = async (party: Party, a: Secret, b: Secret): Promise<Secret> => lt(party, b, a)
/**
 * 1 where a >= b, else 0.
 *
 * - Shapes, accuracy, security, source: as `lt`.
 * @cost n = 3, 1 element: passive 5 rounds, 360 bytes; active, proved 17 rounds, 7166 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 3200 bytes; active, proved 20 rounds, 13602 bytes
 * @cost n = 4, 1 element: passive 8 rounds, 1896 bytes; active, proved 28 rounds, 5343 bytes
 */
export const gte = async (party: Party, a: Secret, b: Secret): Promise<Secret> => not(party, await lt(party, a, b))
/**
 * 1 where a <= b, else 0.
 *
 * - Shapes, accuracy, security, source: as `lt`.
 * @cost n = 3, 1 element: passive 5 rounds, 360 bytes; active, proved 17 rounds, 7166 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 3200 bytes; active, proved 20 rounds, 13602 bytes
 * @cost n = 4, 1 element: passive 8 rounds, 1896 bytes; active, proved 28 rounds, 5343 bytes
 */
export const lte = async (party: Party, a: Secret, b: Secret): Promise<Secret> => not(party, await lt(party, b, a))

/** Opens the signs of differences. */
async function openedNegative(party: Party, d: Secret): Promise<boolean[]> {
  requireChecked('comparison', d)
  return isNegativeOpened(party, d.shares, strictBits(d))
}

/**
 * Whether a < b, element by element, told to all nodes; cheaper than a shared answer.
 *
 * - Shapes: two of one shape, or any and a scalar; one answer for each element, in row order.
 * - Accuracy: exact.
 * - Security, source: as `isNegativeOpened`.
 * @cost n = 3, 1 element: passive 7 rounds, 184 bytes; active, proved 16 rounds, 6598 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 1280 bytes; active, proved 18 rounds, 10314 bytes
 * @cost n = 4, 1 element: passive 9 rounds, 1920 bytes; active, proved 29 rounds, 5415 bytes
 */
export const ltOpened = async (party: Party, a: Secret, b: Secret): Promise<boolean[]> =>
  openedNegative(party.operation('lt-opened'), sub(party, a, b))
/**
 * Whether a > b, element by element, told to all nodes; cheaper than a shared answer.
 *
 * - Shapes, accuracy, security, source: as `ltOpened`.
 * @cost n = 3, 1 element: passive 7 rounds, 184 bytes; active, proved 16 rounds, 6598 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 1280 bytes; active, proved 18 rounds, 10314 bytes
 * @cost n = 4, 1 element: passive 9 rounds, 1920 bytes; active, proved 29 rounds, 5415 bytes
 */
export const gtOpened = async (party: Party, a: Secret, b: Secret): Promise<boolean[]> => ltOpened(party, b, a)
/**
 * Whether a >= b, element by element, told to all nodes; cheaper than a shared answer.
 *
 * - Shapes, accuracy, security, source: as `ltOpened`.
 * @cost n = 3, 1 element: passive 7 rounds, 184 bytes; active, proved 16 rounds, 6598 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 1280 bytes; active, proved 18 rounds, 10314 bytes
 * @cost n = 4, 1 element: passive 9 rounds, 1920 bytes; active, proved 29 rounds, 5415 bytes
 */
export const gteOpened = async (party: Party, a: Secret, b: Secret): Promise<boolean[]> =>
  (await ltOpened(party, a, b)).map(less => !less)
/**
 * Whether a <= b, element by element, told to all nodes; cheaper than a shared answer.
 *
 * - Shapes, accuracy, security, source: as `ltOpened`.
 * @cost n = 3, 1 element: passive 7 rounds, 184 bytes; active, proved 16 rounds, 6598 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 1280 bytes; active, proved 18 rounds, 10314 bytes
 * @cost n = 4, 1 element: passive 9 rounds, 1920 bytes; active, proved 29 rounds, 5415 bytes
 */
export const lteOpened = async (party: Party, a: Secret, b: Secret): Promise<boolean[]> =>
  (await ltOpened(party, b, a)).map(less => !less)

/**
 * Shared bits: 1 where equal.
 *
 * - Shapes: two of one shape, or any and a scalar; the result has one bit for each element.
 * - Accuracy: exact.
 * - Security, source: as `isZero`.
 * @cost n = 3, 1 element: passive 7 rounds, 936 bytes; active, proved 17 rounds, 3088 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 37440 bytes; active, proved 21 rounds, 43328 bytes
 * @cost n = 4, 1 element: passive 7 rounds, 1848 bytes; active, proved 26 rounds, 5127 bytes
 */
export async function eq(party: Party, a: Secret, b: Secret): Promise<Secret> {
  const d = sub(party, a, b)
  requireChecked('equality', d)
  return bit(d, await isZero(party.operation('eq'), d.shares, strictBits(d)))
}

/**
 * For an opened result: 0 where equal, else uniform. Send it to whoever may know; it says no more. 1 round.
 *
 * - Shapes: two of one shape, or any and a scalar; one field element for each.
 * - Accuracy: 0 where equal; where not, 0 with chance 1/p.
 * - Security, source: as `blindForZeroTest`.
 * @cost n = 3, 1 element: passive 1 round, 24 bytes; active, proved 5 rounds, 496 bytes
 * @cost n = 3, 40 elements: passive 1 round, 960 bytes; active, proved 7 rounds, 2088 bytes
 * @cost n = 4, 1 element: passive 1 round, 48 bytes; active, proved 9 rounds, 570 bytes
 */
export async function eqBlinded(party: Party, a: Secret, b: Secret): Promise<Secret> {
  const d = sub(party, a, b)
  requireChecked('equality', d)
  return { ...d, shares: await blindForZeroTest(party.operation('eq'), d.shares), fraction: 0, bits: party.field.bits }
}

/**
 * -1, 0 or 1. One comparison of d and -d together.
 *
 * - Shapes: any; the result has the shape of `a`.
 * - Accuracy, security, source: as `lt`.
 * @cost n = 3, 1 element: passive 5 rounds, 672 bytes; active, proved 17 rounds, 7342 bytes
 * @cost n = 3, 40 elements: passive 7 rounds, 6192 bytes; active, proved 20 rounds, 19606 bytes
 * @cost n = 4, 1 element: passive 8 rounds, 3504 bytes; active, proved 28 rounds, 8511 bytes
 */
export async function sign(party: Party, a: Secret): Promise<Secret> {
  const op = party.operation('sign')
  const both = await negative(op, stack(op, [a, neg(op, a)]))
  const count = sizeOf(a)
  const difference = sub(op, range(op, both, count, 2 * count), range(op, both, 0, count))
  return { ...difference, rows: a.rows, columns: a.columns, bits: 0 }
}

/**
 * chosen * a + (1 - chosen) * b for shared bits. 1 round; 1 product an element.
 *
 * - Shapes: bits and two operands of one shape, or scalars; fractions are aligned.
 * - Accuracy: exact.
 * - Security, source: as `reduceProduct`.
 * @cost n = 3, 1 element: passive 1 round, 24 bytes; active, proved 5 rounds, 496 bytes
 * @cost n = 3, 40 elements: passive 1 round, 960 bytes; active, proved 7 rounds, 2088 bytes
 * @cost n = 4, 1 element: passive 1 round, 48 bytes; active, proved 9 rounds, 570 bytes
 */
export async function select(party: Party, chosen: Secret, a: Secret, b: Secret): Promise<Secret> {
  const op = party.operation('select')
  requireChecked('select', chosen, a, b)
  const fraction = Math.max(a.fraction, b.fraction)
  const [x, y] = [alignTo(op, a, fraction), alignTo(op, b, fraction)]
  const difference = sub(op, x, y)
  const product = await reduceProduct(op, elements(op.field, chosen.shares, difference.shares))
  const sum = add(op, y, { ...difference, shares: product })
  return withBits(sum, Math.max(x.bits, y.bits))
}

/**
 * The size of each element.
 *
 * - Shapes: any; the result has the shape of `a`.
 * - Accuracy, security, source: as `lt`. The product with the sign is that of `reduceProduct`.
 * @cost n = 3, 1 element: passive 6 rounds, 360 bytes; active, proved 18 rounds, 7222 bytes
 * @cost n = 3, 40 elements: passive 8 rounds, 4128 bytes; active, proved 21 rounds, 14386 bytes
 * @cost n = 4, 1 element: passive 9 rounds, 1800 bytes; active, proved 37 rounds, 5577 bytes
 */
export async function abs(party: Party, a: Secret): Promise<Secret> {
  const op = party.operation('abs')
  const flag = await negative(op, a)
  const flipped = await reduceProduct(op, elements(op.field, flag.shares, a.shares))
  return withBits(sub(op, a, scaleInteger(op, { ...a, shares: flipped }, 2n)), a.bits)
}

interface Extreme {
  readonly value: Secret
  /** Whole number: the position of the first element that has the value. */
  readonly position: Secret
}

/**
 * Tournament of ceil(log2 n) levels, each one batch of comparisons and one of selections; n - 1 comparisons in all.
 * Among equals the first wins.
 */
function extreme(party: Party, values: Secret, better: 'larger' | 'smaller', wantPosition: boolean): Promise<Extreme> {
  return planned(party, 'extreme', [values, better, wantPosition], op => extremeSteps(op, values, better, wantPosition))
}

async function extremeSteps(
  op: Party,
  values: Secret,
  better: 'larger' | 'smaller',
  wantPosition: boolean
): Promise<Extreme> {
  const count = sizeOf(values)
  if (count === 0) throw shapeError('max', 'The largest of nothing.')
  let best = { ...values, rows: count, columns: 1 }
  let position: Secret = {
    shares: op.field.fromIntegers(Array.from({ length: wantPosition ? count : 0 }, (_, i) => i)),
    rows: wantPosition ? count : 0,
    columns: 1,
    fraction: 0,
    bits: Math.log2(Math.max(2, count))
  }
  while (best.rows > 1) {
    const half = best.rows >> 1
    const [even, odd] = [0, 1].map(offset => Array.from({ length: half }, (_, i) => 2 * i + offset)) as [
      number[],
      number[]
    ]
    const [first, second] = [pick(op, best, even), pick(op, best, odd)]
    const secondWins = better === 'larger' ? await lt(op, first, second) : await lt(op, second, first)
    const leftover = best.rows % 2 === 1 ? [range(op, best, best.rows - 1, best.rows)] : []
    const choose = (branch: Party): Promise<Secret> => select(branch, secondWins, second, first)
    if (wantPosition) {
      const rest = position.rows % 2 === 1 ? [range(op, position, position.rows - 1, position.rows)] : []
      const [winners, places] = await parallel<[Secret, Secret]>(op, [
        choose,
        branch => select(branch, secondWins, pick(op, position, odd), pick(op, position, even))
      ])
      position = stack(op, [places, ...rest])
      best = stack(op, [winners, ...leftover])
    } else best = stack(op, [await choose(op), ...leftover])
  }
  return { value: best, position }
}

/**
 * The largest element.
 *
 * - Shapes: any of one element and more; the result is a scalar.
 * - Cost: ceil(log2 k) times a comparison and a selection; k - 1 of each in all.
 * - Accuracy, security, source: as `lt`. Nothing else is opened: who won stays shared.
 * @cost n = 3, 5 elements: passive 16 rounds, 1536 bytes; active, proved 54 rounds, 21978 bytes
 * @cost n = 3, 40 elements: passive 37 rounds, 6656 bytes; active, proved 111 rounds, 57084 bytes
 * @cost n = 4, 5 elements: passive 27 rounds, 7776 bytes; active, proved 95 rounds, 20487 bytes
 */
export const max = async (party: Party, values: Secret): Promise<Secret> =>
  (await extreme(party, values, 'larger', false)).value
/**
 * The smallest element.
 *
 * - Shapes: any of one element and more; the result is a scalar.
 * - Cost: ceil(log2 k) times a comparison and a selection; k - 1 of each in all.
 * - Accuracy, security, source: as `lt`. Nothing else is opened: who won stays shared.
 * @cost n = 3, 5 elements: passive 16 rounds, 1536 bytes; active, proved 54 rounds, 21978 bytes
 * @cost n = 3, 40 elements: passive 37 rounds, 6656 bytes; active, proved 111 rounds, 57084 bytes
 * @cost n = 4, 5 elements: passive 27 rounds, 7776 bytes; active, proved 95 rounds, 20487 bytes
 */
export const min = async (party: Party, values: Secret): Promise<Secret> =>
  (await extreme(party, values, 'smaller', false)).value
/**
 * The place, in row order and from 0, of the first of the largest elements.
 *
 * - Shapes: any of one element and more; the result is a scalar.
 * - Cost: ceil(log2 k) times a comparison and a selection; k - 1 comparisons in all, and the positions are selected beside the values.
 * - Accuracy, security, source: as `lt`. Nothing else is opened: the position stays shared.
 * @cost n = 3, 5 elements: passive 16 rounds, 1632 bytes; active, proved 66 rounds, 23538 bytes
 * @cost n = 3, 40 elements: passive 37 rounds, 7592 bytes; active, proved 137 rounds, 62036 bytes
 * @cost n = 4, 5 elements: passive 27 rounds, 7968 bytes; active, proved 95 rounds, 20871 bytes
 */
export const argmax = async (party: Party, values: Secret): Promise<Secret> =>
  (await extreme(party, values, 'larger', true)).position
/**
 * The place, in row order and from 0, of the first of the smallest elements.
 *
 * - Shapes: any of one element and more; the result is a scalar.
 * - Cost: ceil(log2 k) times a comparison and a selection; k - 1 comparisons in all, and the positions are selected beside the values.
 * - Accuracy, security, source: as `lt`. Nothing else is opened: the position stays shared.
 * @cost n = 3, 5 elements: passive 16 rounds, 1632 bytes; active, proved 66 rounds, 23538 bytes
 * @cost n = 3, 40 elements: passive 37 rounds, 7592 bytes; active, proved 137 rounds, 62036 bytes
 * @cost n = 4, 5 elements: passive 27 rounds, 7968 bytes; active, proved 95 rounds, 20871 bytes
 */
export const argmin = async (party: Party, values: Secret): Promise<Secret> =>
  (await extreme(party, values, 'smaller', true)).position
