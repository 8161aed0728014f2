import { toLimbs } from '../prime.ts'
import { FunctionBuilder, get, i32, i64, set } from '../wasm.ts'
import { emitAdvance, emitLoop, emitStore, type Context } from './context.ts'

/** Loads an element into `t`, masked to the width of the modulus if asked; the local it returns is -1 if t < p, else 0 or more. */
function candidate(
  fn: FunctionBuilder,
  { form, prime }: Context,
  source: number,
  t: readonly number[],
  mask: boolean
): number {
  const borrow = fn.local('i64')
  const keepWords = toLimbs((1n << BigInt(form.bits)) - 1n, form)
  fn.emit(set(borrow, i64.const(0)))
  for (let i = 0; i < form.limbs; i++) {
    const keep = keepWords[i]!
    const word = i64.load32(get(source), 4 * i)
    fn.emit(set(t[i]!, mask ? i64.and(word, i64.const(keep)) : word))
    fn.emit(set(borrow, i64.shrS(i64.add(get(borrow), i64.sub(get(t[i]!), i64.const(prime[i]!))), form.width)))
  }
  return borrow
}

/** Kernels that look at words: random candidates, what came from others, masks. */
export function sampleKernel(context: Context): FunctionBuilder {
  const { form, size } = context
  const fn = new FunctionBuilder('sample', Array(3).fill('i32'), 'i32')
  const [out, source, count] = [0, 1, 2]
  const kept = fn.local('i32')
  const t = fn.locals('i64', form.limbs)
  emitLoop(fn, count, () => {
    const borrow = candidate(fn, context, source, t, true)
    emitStore(fn, out, t)
    // The pointer moves only past candidates below p. What was rejected says nothing about what is kept.
    const one = i32.and(i32.wrap(get(borrow)), i32.const(1))
    fn.emit(set(kept, i32.add(get(kept), one)))
    emitAdvance(fn, out, i32.mul(one, i32.const(size)))
    emitAdvance(fn, source, i32.const(size))
  })
  fn.emit(get(kept))
  return fn
}

export function validKernel(context: Context): FunctionBuilder {
  const { form, size } = context
  const fn = new FunctionBuilder('valid', Array(2).fill('i32'), 'i32')
  const [a, count] = [0, 1]
  const t = fn.locals('i64', form.limbs)
  const bad = fn.local('i64')
  emitLoop(fn, count, () => {
    const borrow = candidate(fn, context, a, t, false)
    for (const limb of t) fn.emit(set(bad, i64.or(get(bad), i64.shrU(get(limb), form.width))))
    fn.emit(set(bad, i64.or(get(bad), i64.add(i64.const(1), get(borrow)))))
    emitAdvance(fn, a, i32.const(size))
  })
  // bad is 0 exactly if every word was small and every value below p
  const nonZero = i64.shrU(i64.or(get(bad), i64.sub(i64.const(0), get(bad))), 63)
  fn.emit(i32.sub(i32.const(1), i32.wrap(nonZero)))
  return fn
}

export function maskKernel({ form, size }: Context): FunctionBuilder {
  const fn = new FunctionBuilder('mask', Array(4).fill('i32'))
  const [out, a, mask, count] = [0, 1, 2, 3]
  emitLoop(fn, count, () => {
    for (let i = 0; i < form.limbs; i++) {
      fn.emit(i64.store32(get(out), 4 * i, i64.and(i64.load32(get(a), 4 * i), i64.load32(get(mask), 4 * i))))
    }
    emitAdvance(fn, out, i32.const(size))
    emitAdvance(fn, a, i32.const(size))
  })
  return fn
}
