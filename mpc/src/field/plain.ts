import { MpcError } from '../errors.ts'
import type { FieldForm } from './prime.ts'
import { zeros, type Vec } from './vec.ts'

/**
 * Plain words: the value itself in `limbs` words of `width` bits, not the form that kernels compute in. Conversions from and to
 * BigInt take time that depends on values; they serve clients, tests and opened values.
 */
type Words = Pick<FieldForm, 'limbs' | 'width'>

export function wordsOf(values: readonly bigint[], p: bigint, form: Words): Vec {
  const { limbs } = form
  const raw = new Uint32Array(values.length * limbs)
  const width = BigInt(form.width)
  const mask = (1n << width) - 1n
  values.forEach((value, i) => {
    let rest = ((value % p) + p) % p
    for (let l = 0; l < limbs; l++, rest >>= width) raw[i * limbs + l] = Number(rest & mask)
  })
  return raw
}

export function valuesOf(raw: Vec, form: Words): bigint[] {
  const { limbs } = form
  const width = BigInt(form.width)
  return Array.from({ length: raw.length / limbs }, (_, i) => {
    let value = 0n
    for (let l = limbs - 1; l >= 0; l--) value = (value << width) | BigInt(raw[i * limbs + l]!)
    return value
  })
}

/** value + 2^53 of whole numbers below 2^53 in size, without BigInt and without branching on them. @throws MPC_RANGE */
export function liftedIntegers(values: ArrayLike<number>, { limbs, width }: Words): Vec {
  const raw = new Uint32Array(values.length * limbs)
  const base = 2 ** width
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isSafeInteger(value)) throw new MpcError({ code: 'MPC_RANGE', what: 'integer' }, 'Not a safe integer.')
    // in words, without leaving the safe integers
    const high = Math.floor(value / base)
    const rest = high + 2 ** 53 / base
    const top = Math.floor(rest / base)
    raw[i * limbs] = value - high * base
    raw[i * limbs + 1] = rest - top * base
    raw[i * limbs + 2] = top
  }
  return raw
}

/** floor(value / 2^bits); `out` may be `raw`. */
export function shift(raw: Vec, bits: number, { limbs, width }: Words, out: Vec = zeros(raw.length)): Vec {
  const words = Math.floor(bits / width)
  const rest = bits % width
  const mask = 2 ** width - 1
  for (let l = 0; l + words < limbs; l++) {
    const from = l + words
    if (rest > 0 && from + 1 < limbs) {
      const left = width - rest
      for (let at = 0; at < raw.length; at += limbs) {
        out[at + l] = ((raw[at + from]! >>> rest) | (raw[at + from + 1]! << left)) & mask
      }
    } else for (let at = 0; at < raw.length; at += limbs) out[at + l] = raw[at + from]! >>> rest
  }
  for (let l = Math.max(0, limbs - words); l < limbs; l++) for (let at = l; at < raw.length; at += limbs) out[at] = 0
  return out
}

export const bitOf = (raw: Vec, index: number, bit: number, { limbs, width }: Words): number =>
  (raw[index * limbs + Math.floor(bit / width)]! >>> (bit % width)) & 1
