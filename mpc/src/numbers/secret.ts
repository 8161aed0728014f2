import { MpcError, shapeError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { isFromOwner } from '../sharing/owners.ts'

/**
 * A shared number, vector or matrix, with what is publicly known about it. The shares hold value * 2^fraction as whole numbers
 * of at most 2^bits in size; every operation derives the bounds of its result from those of its operands, so a result that
 * could wrap or lose its promised digits is refused before anything is sent.
 */
export interface Secret {
  readonly shares: Vec
  readonly rows: number
  readonly columns: number
  /** 0 for whole numbers. */
  readonly fraction: number
  /** log2 of the largest possible size of value * 2^fraction; need not be whole. */
  readonly bits: number
  /** An owner declared `bits` and nobody has checked: good for sums and multiples, and refused wherever a mask or a comparison relies on it. */
  readonly unchecked?: boolean
}

export interface Shape {
  readonly rows?: number
  readonly columns?: number
  readonly fraction?: number
  /** Bound of |value| (not scaled), as log2: 40 means |value| <= 2^40. */
  readonly magnitude: number
}

/**
 * Wraps shares that this node keeps and whose bounds hold: results of earlier computations, or inputs that were checked. A vector is a
 * column unless told otherwise. Shares that come straight from an owner's package (`expand`) are marked as `unchecked`.
 */
export function secret(party: Party, shares: Vec, { rows, columns = 1, fraction = 0, magnitude }: Shape): Secret {
  const length = party.field.length(shares)
  const height = rows ?? length / columns
  if (height * columns !== length)
    throw shapeError('secret', `${length} elements are no ${height} x ${columns} matrix.`)
  if (!Number.isInteger(fraction) || fraction < 0) throw shapeError('secret', 'Fraction bits are a whole number.')
  const value = { shares, rows: height, columns, fraction, bits: Math.max(0, magnitude + fraction) }
  return checked(party, 'input', isFromOwner(shares) ? { ...value, unchecked: true } : value)
}

/**
 * Wraps shares of an owner for linear use alone: they may be added, scaled and released, which relies on no bound. Everything else
 * refuses them and what is made of them (MPC_UNCHECKED); use `foreignSecret` for that.
 */
export const uncheckedSecret = (party: Party, shares: Vec, shape: Shape): Secret => ({
  ...secret(party, shares, shape),
  unchecked: true
})

/** @throws MPC_UNCHECKED if an operand is an owner's, or made of one, whose range nobody has checked. */
export function requireChecked(what: string, ...operands: readonly Pick<Secret, 'unchecked'>[]): void {
  if (!operands.some(({ unchecked }) => unchecked)) return
  throw new MpcError(
    { code: 'MPC_UNCHECKED', what },
    `${what}: an operand comes from an owner and nobody has checked that it keeps to its bound.`
  )
}

/** For results of linear operations. */
export const markOf = (...operands: readonly Pick<Secret, 'unchecked'>[]): { readonly unchecked?: true } =>
  operands.some(({ unchecked }) => unchecked) ? { unchecked: true } : {}

export const sizeOf = ({ rows, columns }: Pick<Secret, 'rows' | 'columns'>): number => rows * columns

/** Values of these bits still have a sign in the field. */
export const fieldRoom = (party: Party): number => party.field.bits - 2

/** @throws MPC_RANGE if the value could wrap around the modulus. */
export function checked(party: Party, what: string, value: Secret): Secret {
  requireBits(party, what, value)
  return value
}

/** @throws MPC_RANGE if values of this size could wrap around the modulus. */
export function requireBits(party: Party, what: string, value: Pick<Secret, 'bits'>): void {
  if (!(value.bits <= fieldRoom(party))) {
    throw new MpcError(
      { code: 'MPC_RANGE', what, bits: Math.ceil(value.bits), limitBits: fieldRoom(party) },
      `${what}: the result may need ${Math.ceil(value.bits)} bits, and the modulus holds ${fieldRoom(party)}.`,
      { hint: 'Declare tighter bounds for the inputs, use fewer fraction bits, or choose a larger modulus.' }
    )
  }
}

/** log2(2^a + 2^b). */
export const logAdd = (a: number, b: number): number => Math.max(a, b) + Math.log2(1 + 2 ** -Math.abs(a - b))

/** Same numbers under a bound that the caller has proved (or checked). */
export const withBits = (value: Secret, bits: number): Secret => ({ ...value, bits: Math.min(value.bits, bits) })

export const reshape = (value: Secret, rows: number, columns: number): Secret => {
  if (rows * columns !== sizeOf(value))
    throw shapeError('reshape', `${sizeOf(value)} elements are no ${rows} x ${columns} matrix.`)
  return { ...value, rows, columns }
}

export function element(party: Party, value: Secret, index: number): Secret {
  return range(party, value, index, index + 1)
}

/** Elements [from, to) in row order, as a column. */
export function range(party: Party, value: Secret, from: number, to: number): Secret {
  if (!(0 <= from && from <= to && to <= sizeOf(value))) throw shapeError('range', 'The range is outside the vector.')
  return { ...value, shares: party.field.slice(value.shares, from, to), rows: to - from, columns: 1 }
}

export function pick(party: Party, value: Secret, indices: ArrayLike<number>): Secret {
  return { ...value, shares: party.field.gather(value.shares, indices), rows: indices.length, columns: 1 }
}

export function transpose(party: Party, value: Secret): Secret {
  const shares = party.field.transpose(value.shares, value.rows, value.columns)
  return { ...value, shares, rows: value.columns, columns: value.rows }
}

/** One column of values of one kind; fractions are aligned. */
export function stack(party: Party, parts: readonly Secret[]): Secret {
  const fraction = Math.max(...parts.map(part => part.fraction))
  const aligned = parts.map(part => alignTo(party, part, fraction))
  const shares = party.field.concat(aligned.map(part => part.shares))
  const bits = Math.max(...aligned.map(part => part.bits))
  return { shares, rows: party.field.length(shares), columns: 1, fraction, bits, ...markOf(...parts) }
}

/** Adds fraction bits: local and exact. */
export function alignTo(party: Party, value: Secret, fraction: number): Secret {
  const shift = fraction - value.fraction
  if (shift === 0) return value
  if (shift < 0) throw shapeError('align', 'Fraction bits can only be added without rounding.')
  return checked(party, 'align', {
    ...value,
    shares: party.field.scale(value.shares, 2n ** BigInt(shift)),
    fraction,
    bits: value.bits + shift
  })
}
