import { FunctionBuilder, get, i32, i64, set } from '../wasm.ts'
import { emitAdvance, emitLoop, emitStore, type Context } from './context.ts'
import { emitFinalSubtraction } from './reduce.ts'

/** o = a + b or a - b. */
export function sumKernel(name: 'add' | 'sub', context: Context): FunctionBuilder {
  const { form, prime, limbMask, size } = context
  const L = form.limbs
  const fn = new FunctionBuilder(name, Array(6).fill('i32'))
  const [out, a, b, count, strideA, strideB] = [0, 1, 2, 3, 4, 5]
  const t = fn.locals('i64', L)
  const carry = fn.local('i64')
  const sign = fn.local('i64')
  emitLoop(fn, count, () => {
    fn.emit(set(carry, i64.const(0)))
    for (let i = 0; i < L; i++) {
      const operands = (name === 'add' ? i64.add : i64.sub)(i64.load32(get(a), 4 * i), i64.load32(get(b), 4 * i))
      fn.emit(set(carry, i64.add(get(carry), operands)))
      const keepTop = i === L - 1 && name === 'add'
      fn.emit(set(t[i]!, keepTop ? get(carry) : i64.and(get(carry), i64.const(limbMask))))
      fn.emit(set(carry, i64.shrS(get(carry), form.width)))
    }
    if (name === 'add') {
      emitFinalSubtraction(fn, context, t, 1)
    } else {
      fn.emit(set(sign, get(carry)), set(carry, i64.const(0)))
      for (let i = 0; i < L; i++) {
        fn.emit(set(carry, i64.add(i64.add(get(carry), get(t[i]!)), i64.and(get(sign), i64.const(prime[i]!)))))
        fn.emit(set(t[i]!, i64.and(get(carry), i64.const(limbMask))))
        fn.emit(set(carry, i64.shrU(get(carry), form.width)))
      }
    }
    emitStore(fn, out, t)
    emitAdvance(fn, out, i32.const(size))
    emitAdvance(fn, a, get(strideA))
    emitAdvance(fn, b, get(strideB))
  })
  return fn
}
