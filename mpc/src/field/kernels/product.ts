import { FunctionBuilder, get, i32, i64, set, type Code } from '../wasm.ts'
import { emitAdvance, emitLoop, emitStore, type Context } from './context.ts'
import { emitFinalSubtraction, emitFold, foldConstant } from './reduce.ts'

/** o = sum of `pairs` products x_j * y_j, in one reduction. */
export function productKernel(name: string, context: Context, pairs: 1 | 2): FunctionBuilder {
  const { form, size } = context
  const L = form.limbs
  const single = pairs === 1
  const fn = new FunctionBuilder(name, Array(single ? 6 : 8).fill('i32'))
  const out = 0
  const [left, right, count] = single ? [[1], [2], 3] : [[1, 3], [2, 4], 5]
  const leftStrides = single ? [get(4)] : [i32.const(size), i32.const(size)]
  const rightStrides = single ? [get(5)] : [get(6), get(7)]
  const x = left.map(() => fn.locals('i64', L))
  const y = right.map(() => fn.locals('i64', L))
  const pseudo = form.kind === 'pseudo-mersenne'
  const m = fn.locals('i64', L)
  const t = fn.locals('i64', L)
  const accumulator = fn.local('i64')
  const add = (value: Code): void => fn.emit(set(accumulator, i64.add(get(accumulator), value)))
  emitLoop(fn, count, () => {
    for (let j = 0; j < pairs; j++) {
      for (let i = 0; i < L; i++) {
        fn.emit(set(x[j]![i]!, i64.load32(get(left[j]!), 4 * i)), set(y[j]![i]!, i64.load32(get(right[j]!), 4 * i)))
      }
    }
    if (pseudo) {
      const fold = foldConstant(form)
      for (let k = 0; k < L; k++) {
        fn.emit(set(accumulator, i64.const(0)))
        for (let j = 0; j < pairs; j++) {
          for (let i = k + 1; i < L; i++) add(i64.mul(get(x[j]![i]!), get(y[j]![k + L - i]!)))
        }
        fn.emit(set(accumulator, i64.mul(get(accumulator), i64.const(fold))))
        for (let j = 0; j < pairs; j++) {
          for (let i = 0; i <= k; i++) add(i64.mul(get(x[j]![i]!), get(y[j]![k - i]!)))
        }
        fn.emit(set(t[k]!, get(accumulator)))
      }
      emitFold(fn, context, t)
    } else {
      const prime = context.prime
      const modulus = 1n << BigInt(form.width)
      let inverse = 1n
      for (let i = 0; i < 6; i++) inverse = BigInt.asUintN(form.width, inverse * (2n - form.p * inverse))
      fn.emit(set(accumulator, i64.const(0)))
      for (let k = 0; k < 2 * L; k++) {
        for (let j = 0; j < pairs; j++) {
          for (let i = Math.max(0, k - L + 1); i <= Math.min(k, L - 1); i++) {
            add(i64.mul(get(x[j]![i]!), get(y[j]![k - i]!)))
          }
        }
        for (let i = Math.max(0, k - L + 1); i < Math.min(k, L); i++) add(i64.mul(get(m[i]!), i64.const(prime[k - i]!)))
        if (k < L) {
          const negated = (modulus - inverse) % modulus
          fn.emit(set(m[k]!, i64.and(i64.mul(get(accumulator), i64.const(negated)), i64.const(context.limbMask))))
          add(i64.mul(get(m[k]!), i64.const(prime[0]!)))
        } else {
          const last = k === 2 * L - 1
          fn.emit(set(t[k - L]!, last ? get(accumulator) : i64.and(get(accumulator), i64.const(context.limbMask))))
        }
        fn.emit(set(accumulator, i64.shrU(get(accumulator), form.width)))
      }
    }
    emitFinalSubtraction(fn, context, t, 1)
    emitStore(fn, out, t)
    emitAdvance(fn, out, i32.const(size))
    for (let j = 0; j < pairs; j++) {
      emitAdvance(fn, left[j]!, leftStrides[j]!)
      emitAdvance(fn, right[j]!, rightStrides[j]!)
    }
  })
  return fn
}
