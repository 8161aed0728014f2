import { MpcError, parameterError } from '../errors.ts'
import type { Session } from '../session/session.ts'

/** Statistical distance of a masked opening from one that says nothing is at most 2^-40 by default. */
export const DEFAULT_STATISTICAL_BITS = 40

export interface Room {
  /** Bits of each set's part of a mask: as wide as the prime allows. */
  readonly pieceBits: number
  /** A value may be opened under such a mask while its size is at most 2^this. */
  readonly valueBits: number
}

/**
 * How large a value may be that is opened behind a bounded mask: c = v + 2^k + R with |v| <= 2^k and R the sum of one piece for
 * each key set. c must not wrap, and a piece must exceed the value by the statistical margin.
 */
export function roomOf({
  field,
  setCount,
  statisticalBits
}: Pick<Session, 'field' | 'setCount' | 'statisticalBits'>): Room {
  const pieceBits = field.bits - 2 - Math.ceil(Math.log2(setCount))
  return { pieceBits, valueBits: pieceBits - statisticalBits - 1 }
}

/** @throws MPC_RANGE if values up to 2^bits cannot be masked in this field. */
export function requireRoom(session: Session, what: string, bits: number): Room {
  const room = roomOf(session)
  if (bits > room.valueBits) {
    throw new MpcError(
      { code: 'MPC_RANGE', what, bits: Math.ceil(bits), limitBits: room.valueBits },
      `${what}: values of up to ${Math.ceil(bits)} bits can occur, and this modulus can mask ${room.valueBits}.`,
      { hint: 'Declare tighter bounds for the inputs, use fewer fraction bits, or choose a larger modulus.' }
    )
  }
  return room
}

/** The numbers of a network: E whole bits, sign included, and F fraction bits. */
export interface NumberFormat {
  readonly wholeBits: number
  readonly fractionBits: number
}

/** What a network declares: T of N nodes restore a secret, and the numbers that its programs compute with. */
export interface NetworkParameters extends NumberFormat {
  readonly n: number
  readonly threshold: number
  readonly bits: number // of the prime
  readonly setCount: number
  readonly statisticalBits: number
}

/**
 * Checks a parameter set before anything is computed with it.
 * @throws MPC_PARAMETERS with a sentence that says which number is in the way.
 */
export function checkParameters({
  n,
  threshold,
  wholeBits,
  fractionBits,
  bits,
  setCount,
  statisticalBits
}: NetworkParameters): void {
  for (const [name, value] of Object.entries({ n, threshold, wholeBits, fractionBits, statisticalBits })) {
    if (!Number.isInteger(value) || value < 0)
      throw parameterError(name, `${name} must be a whole number, not negative.`)
  }
  if (threshold < 2)
    throw parameterError('threshold', `With T = ${threshold} a single node could read everything.`, 'Choose T >= 2.')
  if (n < 3 || 2 * (threshold - 1) + 1 > n) {
    throw parameterError('threshold', `N = ${n} and T = ${threshold} have no honest majority.`, 'Choose 2(T-1)+1 <= N.')
  }
  if (wholeBits < 2) throw parameterError('wholeBits', `E = ${wholeBits} leaves no room for a number and its sign.`)
  const k = wholeBits + fractionBits
  if (bits <= 2 * k) {
    throw parameterError(
      'prime',
      `P has ${bits} bits; it needs more than 2(E+F) = ${2 * k}, so that a product never wraps.`
    )
  }
  const comparison = k + 3 + statisticalBits + Math.ceil(Math.log2(setCount))
  if (bits < comparison) {
    throw parameterError(
      'prime',
      `P has ${bits} bits; comparing numbers of ${k} bits with ${statisticalBits} bits of margin needs ${comparison}.`
    )
  }
  const room = bits - 2 - Math.ceil(Math.log2(setCount)) - statisticalBits - 1
  if (wholeBits - 1 + 2 * fractionBits > room) {
    throw parameterError(
      'fractionBits',
      `A product of ${wholeBits} whole bits with F = ${fractionBits} needs ${wholeBits - 1 + 2 * fractionBits} maskable bits; P gives ${room}.`,
      'Lower E or F, or choose a larger P.'
    )
  }
}
