import { toLimbs } from '../prime.ts'
import { get, i32, i64, ifElse, set, type FunctionBuilder } from '../wasm.ts'
import type { Context } from './context.ts'
import { emitCarry, emitFinalSubtraction, emitFold, emitMontgomery, foldConstant } from './reduce.ts'

/** Carried columns of a sum of up to 2^32 products -> canonical words. */
export function emitWideFold(fn: FunctionBuilder, context: Context, column: readonly number[]): number[] {
  const L = context.form.limbs
  const fold = foldConstant(context.form)
  // The last column may hold up to 2^32 units above the 2L words: it is folded twice, by the square of the constant.
  const top = column[2 * L]!
  for (let i = 0; i < L; i++) {
    fn.emit(set(column[i]!, i64.add(get(column[i]!), i64.mul(get(column[L + i]!), i64.const(fold)))))
  }
  const t = column.slice(0, L)
  const extra = fn.local('i64')
  fn.emit(set(extra, i64.mul(get(top), i64.const(fold))))
  // extra counts units of 2^(L width): carry the words first so that the sum stays below 2^63
  emitFold(fn, context, t)
  const mask = i64.const(context.limbMask)
  fn.emit(set(t[0]!, i64.add(get(t[0]!), i64.mul(i64.and(get(extra), mask), i64.const(fold)))))
  const second = i64.and(i64.shrU(get(extra), context.form.width), mask)
  fn.emit(set(t[1]!, i64.add(get(t[1]!), i64.mul(second, i64.const(fold)))))
  const third = i64.shrU(get(extra), 2 * context.form.width)
  fn.emit(set(t[2]!, i64.add(get(t[2]!), i64.mul(third, i64.const(fold)))))
  emitFold(fn, context, t)
  emitFinalSubtraction(fn, context, t, 1)
  return t
}

/** The same for Montgomery form; `inner` is the number of products that were summed. */
export function emitWideMontgomery(
  fn: FunctionBuilder,
  context: Context,
  column: readonly number[],
  inner: number
): number[] {
  const { form } = context
  const L = form.limbs
  emitMontgomery(fn, context, column)
  const high = column.slice(L) // L + 1 words
  emitCarry(fn, context, high)
  const t = high.slice(0, L)
  const few = Number((1n << BigInt(28 * L)) / form.p < 1024n ? (1n << BigInt(28 * L)) / form.p : 1024n)
  // Up to `few` products the reduced sum is below 2p and fits L words: the top word joins its neighbour.
  const short = fn.capture(() => {
    fn.emit(set(t[L - 1]!, i64.add(get(t[L - 1]!), i64.shl(get(high[L]!), form.width))))
  })
  // More products: (low + 2^(28L) high) / 2^(28L) once more, against the radix and its square.
  const long = fn.capture(() => {
    const radix = toLimbs(form.radix, form)
    const square = toLimbs((form.radix * form.radix) % form.p, form)
    const wide = fn.locals('i64', 2 * L + 1)
    wide.forEach(word => fn.emit(set(word, i64.const(0))))
    for (let i = 0; i < L; i++) {
      for (let j = 0; j < L; j++) {
        fn.emit(set(wide[i + j]!, i64.add(get(wide[i + j]!), i64.mul(get(t[i]!), i64.const(radix[j]!)))))
      }
      fn.emit(set(wide[i]!, i64.add(get(wide[i]!), i64.mul(get(high[L]!), i64.const(square[i]!)))))
    }
    emitCarry(fn, context, wide)
    emitMontgomery(fn, context, wide)
    const reduced = wide.slice(L)
    emitCarry(fn, context, reduced)
    fn.emit(set(reduced[L - 1]!, i64.add(get(reduced[L - 1]!), i64.shl(get(reduced[L]!), form.width))))
    reduced.slice(0, L).forEach((word, i) => fn.emit(set(t[i]!, get(word))))
  })
  fn.emit(ifElse(i32.leU(get(inner), i32.const(few)), short, long))
  emitFinalSubtraction(fn, context, t, 2)
  return t
}
