import { shapeError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import { planned } from '../plan/rehearse.ts'
import { truncate, truncateProduct, truncationError } from '../protocols/truncate.ts'
import { parallel } from '../protocols/masked.ts'
import { elements, matrix, type LocalProduct } from '../protocols/product.ts'
import type { Party } from '../session/party.ts'
import { scaledInteger } from './scaled-integer.ts'
import { alignTo, checked, logAdd, markOf, requireChecked, sizeOf, type Secret } from './secret.ts'

/** The shape of an operation element by element; a scalar goes with any. @throws MPC_SHAPE */
export function sameShape(what: string, a: Secret, b: Secret): { rows: number; columns: number } {
  if (sizeOf(a) === 1) return b
  if (sizeOf(b) === 1) return a
  if (a.rows !== b.rows || a.columns !== b.columns) {
    throw shapeError(what, `${what}: ${a.rows} x ${a.columns} against ${b.rows} x ${b.columns}.`)
  }
  return a
}

function linear(party: Party, what: 'add' | 'sub', a: Secret, b: Secret): Secret {
  const { rows, columns } = sameShape(what, a, b)
  const fraction = Math.max(a.fraction, b.fraction)
  const [x, y] = [alignTo(party, a, fraction), alignTo(party, b, fraction)]
  const shares = party.field[what](x.shares, y.shares)
  return checked(party, what, { shares, rows, columns, fraction, bits: logAdd(x.bits, y.bits), ...markOf(x, y) })
}

/** Local. A scalar is added to every element. */
export const add = (party: Party, a: Secret, b: Secret): Secret => linear(party, 'add', a, b)
/** Local. */
export const sub = (party: Party, a: Secret, b: Secret): Secret => linear(party, 'sub', a, b)
/** Local. */
export const neg = (party: Party, a: Secret): Secret => ({ ...a, shares: party.field.neg(a.shares) })

/** A public number as a (trivially) shared one: exact for whole numbers, else rounded to `fraction` bits. */
export function publicValue(party: Party, values: readonly (number | bigint)[], fraction = 0): Secret {
  const scaled = values.map(value => scaledInteger(value, fraction))
  const largest = scaled.reduce(
    (most, value) => ((value < 0n ? -value : value) > most ? (value < 0n ? -value : value) : most),
    1n
  )
  const bits = Math.log2(Number(largest))
  return checked(party, 'constant', {
    shares: party.field.from(scaled),
    rows: values.length,
    columns: 1,
    fraction,
    bits
  })
}

/** Local: times a public whole number. */
export function scaleInteger(party: Party, a: Secret, factor: bigint): Secret {
  const size = factor < 0n ? -factor : factor
  const bits = size === 0n ? 0 : a.bits + Math.log2(Number(size))
  return checked(party, 'scale', { ...a, shares: party.field.scale(a.shares, factor), bits })
}

/**
 * Times a public real number, rounded to `digits` significant bits; the result keeps the fraction of `a`. 1 round.
 *
 * - Shapes: any; the result has the shape, and the fraction, of `a`.
 * - Accuracy: |error| <= 2^-fraction * (truncation error) + |a factor| 2^-digits, where `truncationError` is (C + 1)/2, 2 for n = 3.
 * - Security: as `truncate`, which is all that is opened.
 * @see docs/spec/mpc.md 5.2.
 * @cost n = 3, 1 element: passive 1 round, 24 bytes; active, proved 1 round, 48 bytes
 * @cost n = 3, 40 elements: passive 1 round, 960 bytes; active, proved 1 round, 1920 bytes
 * @cost n = 4, 1 element: passive 1 round, 24 bytes; active, proved 1 round, 72 bytes
 */
export async function scaleReal(party: Party, a: Secret, factor: number, digits = 30): Promise<Secret> {
  const op = party.operation('scale')
  if (factor === 0) return scaleInteger(op, a, 0n)
  const shift = Math.max(0, digits - 1 - Math.floor(Math.log2(Math.abs(factor))))
  const scaled = scaleInteger(op, a, scaledInteger(factor, shift))
  return withFraction(op, { ...scaled, fraction: a.fraction + shift }, a.fraction)
}

/** Bits of a value of 2^bits after dropping `shift` bits, with the rounding error. */
export const shiftedBits = (party: Party, bits: number, shift: number): number =>
  shift === 0 ? bits : logAdd(bits - shift, Math.log2(truncationError(party.session.setCount)))

/**
 * Drops (1 round) or adds (local) fraction bits.
 *
 * - Shapes: any; the result has the shape of `a`.
 * - Accuracy: exact if bits are added; else less than the truncation error (2 for n = 3) in the last place that is kept, without bias.
 * - Security: as `truncate`, which is all that is opened.
 * @see docs/spec/mpc.md 5.2.
 * @cost n = 3, 1 element: passive 1 round, 24 bytes; active, proved 1 round, 48 bytes
 * @cost n = 3, 40 elements: passive 1 round, 960 bytes; active, proved 1 round, 1920 bytes
 * @cost n = 4, 1 element: passive 1 round, 24 bytes; active, proved 1 round, 72 bytes
 */
export async function withFraction(party: Party, a: Secret, fraction: number): Promise<Secret> {
  if (fraction >= a.fraction) return alignTo(party, a, fraction)
  requireChecked('truncate', a)
  const shift = a.fraction - fraction
  const shares = await truncate(party, a.shares, shift, a.bits)
  return { ...a, shares, fraction, bits: shiftedBits(party, a.bits, shift) }
}

async function finish(
  party: Party,
  what: string,
  product: LocalProduct,
  { rows, columns, fraction, bits }: Omit<Secret, 'shares'>,
  keep: number
): Promise<Secret> {
  const shift = Math.max(0, fraction - keep)
  checked(party, what, { shares: new Uint32Array(0) as Vec, rows, columns, fraction, bits })
  const shares = await truncateProduct(party, product, shift, bits)
  return { shares, rows, columns, fraction: fraction - shift, bits: shiftedBits(party, bits, shift) }
}

const keptFraction = (a: Secret, b: Secret, fraction: number | undefined): number =>
  fraction ?? Math.max(a.fraction, b.fraction)

/**
 * Element by element; a scalar multiplies all. The result keeps the larger fraction (or `fraction` bits).
 * Passive, 1 round: with truncation one opening of degree 2t, without it one resharing.
 *
 * - Shapes: two of one shape, or any and a scalar.
 * - Accuracy: whole numbers are exact. Else |error| < 2^-fraction * (truncation error), 2 for n = 3, without bias; operands are taken as they are.
 * - Security: that of the session's mode. What is opened is masked (`truncate`); in active mode the product is proved before.
 * @see Gennaro, Rabin, Rabin, PODC 1998, for the product; docs/spec/mpc.md 5.2 for the opening that truncates it.
 * @cost n = 3, 1 element: passive 1 round, 48 bytes; active, proved 6 rounds, 544 bytes
 * @cost n = 3, 40 elements: passive 1 round, 1920 bytes; active, proved 8 rounds, 4008 bytes
 * @cost n = 4, 1 element: passive 1 round, 48 bytes; active, proved 10 rounds, 642 bytes
 */
export async function mul(party: Party, a: Secret, b: Secret, fraction?: number): Promise<Secret> {
  const op = party.operation('mul')
  requireChecked('mul', a, b)
  const { rows, columns } = sameShape('mul', a, b)
  const bounds = { rows, columns, fraction: a.fraction + b.fraction, bits: a.bits + b.bits }
  return finish(op, 'mul', elements(op.field, a.shares, b.shares), bounds, keptFraction(a, b, fraction))
}

/**
 * Matrix product; vectors count as matrices. 1 round for rows * columns outputs, truncation included.
 *
 * - Shapes: m x k times k x l gives m x l.
 * - Accuracy: as `mul`, once for each element of the result, however long the sums are: they are exact before they are cut.
 * - Security: that of the session's mode. What is opened is masked (`truncate`); in active mode the product is proved before.
 * @see Gennaro, Rabin, Rabin, PODC 1998, for the product; docs/spec/mpc.md 5.2 for the opening that truncates it.
 * @cost n = 3, 2 x 3 elements: passive 1 round, 192 bytes; active, proved 6 rounds, 856 bytes
 * @cost n = 4, 2 x 3 elements: passive 1 round, 192 bytes; active, proved 10 rounds, 1194 bytes
 */
export async function matmul(party: Party, a: Secret, b: Secret, fraction?: number): Promise<Secret> {
  const op = party.operation('matmul')
  requireChecked('matmul', a, b)
  if (a.columns !== b.rows)
    throw shapeError('matmul', `matmul: ${a.rows} x ${a.columns} times ${b.rows} x ${b.columns}.`)
  const product = matrix(op.field, a.shares, b.shares, a.rows, a.columns, b.columns)
  const bits = a.bits + b.bits + Math.log2(Math.max(1, a.columns))
  const bounds = { rows: a.rows, columns: b.columns, fraction: a.fraction + b.fraction, bits }
  return finish(op, 'matmul', product, bounds, keptFraction(a, b, fraction))
}

/**
 * The sum of a_i b_i over all elements: 1 round, 1 output, whatever the length.
 *
 * - Shapes: two of as many elements, in row order; the result is a scalar.
 * - Accuracy, security, source: as `matmul`.
 * @cost n = 3, 1 element: passive 1 round, 48 bytes; active, proved 6 rounds, 544 bytes
 * @cost n = 3, 40 elements: passive 1 round, 48 bytes; active, proved 8 rounds, 1200 bytes
 * @cost n = 4, 1 element: passive 1 round, 48 bytes; active, proved 10 rounds, 642 bytes
 */
export async function dot(party: Party, a: Secret, b: Secret, fraction?: number): Promise<Secret> {
  if (sizeOf(a) !== sizeOf(b)) throw shapeError('dot', `dot: ${sizeOf(a)} against ${sizeOf(b)} elements.`)
  return matmul(party, { ...a, rows: 1, columns: sizeOf(a) }, { ...b, rows: sizeOf(b), columns: 1 }, fraction)
}

/** Local. */
export function sum(party: Party, a: Secret): Secret {
  const count = sizeOf(a)
  if (count === 0) throw shapeError('sum', 'The sum of nothing.')
  return checked(party, 'sum', {
    ...a,
    shares: party.field.sum(a.shares),
    rows: 1,
    columns: 1,
    bits: a.bits + Math.log2(count)
  })
}

/**
 * Several products of one shape in one round.
 *
 * - Shapes, accuracy, security, source: as `mul`.
 * @cost n = 3, 5 elements: passive 1 round, 480 bytes; active, proved 6 rounds, 2048 bytes
 * @cost n = 3, 40 elements: passive 1 round, 3840 bytes; active, proved 8 rounds, 8016 bytes
 * @cost n = 4, 5 elements: passive 1 round, 480 bytes; active, proved 10 rounds, 3012 bytes
 */
export async function mulMany(
  party: Party,
  pairs: readonly (readonly [Secret, Secret])[],
  fraction?: number
): Promise<Secret[]> {
  return planned(party, 'mul-many', [pairs, fraction], op =>
    parallel<Secret[]>(
      op,
      pairs.map(
        ([a, b]) =>
          (branch: Party) =>
            mul(branch, a, b, fraction)
      )
    )
  )
}
