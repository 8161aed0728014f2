import type { FieldForm } from '../prime.ts'
import { get, i64, set, type FunctionBuilder } from '../wasm.ts'
import type { Context } from './context.ts'

/** Stores t (normalised words, the top one may be larger) minus p if t >= p, else t. `t` must be below 2p. Changes `t`. */
export function emitFinalSubtraction(
  fn: FunctionBuilder,
  { form, prime, limbMask }: Context,
  t: number[],
  times: number
): void {
  const s = fn.locals('i64', form.limbs)
  const borrow = fn.local('i64')
  for (let round = 0; round < times; round++) {
    fn.emit(set(borrow, i64.const(0)))
    for (let i = 0; i < form.limbs; i++) {
      fn.emit(set(borrow, i64.add(get(borrow), i64.sub(get(t[i]!), i64.const(prime[i]!)))))
      fn.emit(set(s[i]!, i64.and(get(borrow), i64.const(limbMask))))
      fn.emit(set(borrow, i64.shrS(get(borrow), form.width)))
    }
    // borrow is now -1 if t < p, else 0
    for (let i = 0; i < form.limbs; i++) {
      fn.emit(set(t[i]!, i64.xor(get(s[i]!), i64.and(i64.xor(get(s[i]!), get(t[i]!)), get(borrow)))))
    }
  }
}

/** Carries `from` words into normalised ones, the last keeping its excess. */
export function emitCarry(fn: FunctionBuilder, { form, limbMask }: Context, words: readonly number[]): void {
  for (let i = 0; i + 1 < words.length; i++) {
    fn.emit(set(words[i + 1]!, i64.add(get(words[i + 1]!), i64.shrU(get(words[i]!), form.width))))
    fn.emit(set(words[i]!, i64.and(get(words[i]!), i64.const(limbMask))))
  }
}

/** Montgomery reduction of 2L (or 2L+1) columns in place; the result is in the words from L on, not normalised. */
export function emitMontgomery(
  fn: FunctionBuilder,
  { form, prime, limbMask }: Context,
  columns: readonly number[]
): void {
  const L = form.limbs
  const modulus = 1n << BigInt(form.width)
  let inverse = 1n
  for (let i = 0; i < 6; i++) inverse = BigInt.asUintN(form.width, inverse * (2n - form.p * inverse))
  const negatedInverse = (modulus - inverse) % modulus
  const m = fn.local('i64')
  for (let i = 0; i < L; i++) {
    fn.emit(set(m, i64.and(i64.mul(get(columns[i]!), i64.const(negatedInverse)), i64.const(limbMask))))
    for (let j = 0; j < L; j++) {
      fn.emit(set(columns[i + j]!, i64.add(get(columns[i + j]!), i64.mul(get(m), i64.const(prime[j]!)))))
    }
    fn.emit(set(columns[i + 1]!, i64.add(get(columns[i + 1]!), i64.shrU(get(columns[i]!), form.width))))
  }
}

export const foldConstant = ({ p, bits, limbs, width }: FieldForm): bigint =>
  ((1n << BigInt(bits)) - p) << BigInt(limbs * width - bits)

/** Pseudo-Mersenne: brings L words (any size below 2^63) to a normalised value below 2p, in place. */
export function emitFold(fn: FunctionBuilder, context: Context, t: readonly number[]): void {
  const { form } = context
  const L = form.limbs
  const c = (1n << BigInt(form.bits)) - form.p
  const topBits = form.bits - form.width * (L - 1)
  const top = t[L - 1]!
  for (let round = 0; round < 3; round++) {
    emitCarry(fn, context, t)
    fn.emit(set(t[0]!, i64.add(get(t[0]!), i64.mul(i64.shrU(get(top), topBits), i64.const(c)))))
    fn.emit(set(top, i64.and(get(top), i64.const((1n << BigInt(topBits)) - 1n))))
  }
  emitCarry(fn, context, t)
}
