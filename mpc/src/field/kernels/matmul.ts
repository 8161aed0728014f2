import { doWhile, FunctionBuilder, get, i32, i64, ifElse, set, v128 } from '../wasm.ts'
import { emitAdvance, emitLoop, emitStore, type Context } from './context.ts'
import { emitCarry } from './reduce.ts'
import { emitWideFold, emitWideMontgomery } from './wide.ts'

/**
 * Sums of products with lazy reduction. One SIMD lane pair holds two neighbouring columns, so elements stay in their plain
 * layout; columns are carried every `burst` terms, before 64 bits could overflow, and reduced once at the end.
 */
export function matmulKernel(context: Context): FunctionBuilder {
  const { form, size } = context
  const L = form.limbs
  const fn = new FunctionBuilder('matmul', Array(10).fill('i32'))
  const [out, a, b, rows, inner, columns, rowA, stepA, stepB, columnB] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
  const burst = Math.min(4096, Number(((1n << 64n) - (1n << 44n)) / (BigInt(L) << BigInt(2 * form.width))))
  const [x, y, columnCount, left, terms, bColumn] = fn.locals('i32', 6) as [
    number,
    number,
    number,
    number,
    number,
    number
  ]
  const pairs = Math.ceil(L / 2)
  const lanes = fn.locals('v128', L + 2 * pairs - 1 - 1)
  const limbs = fn.locals('v128', pairs)
  const splat = fn.local('v128')
  const column = fn.locals('i64', 2 * L + 1)

  const clear = (): void => lanes.forEach(lane => fn.emit(set(lane, v128.zero)))
  const term = (): void => {
    for (let j = 0; j < L; j += 4) {
      const left = L - j
      const load = left >= 4 ? v128.load : left === 1 ? v128.loadZero32 : v128.loadZero64
      fn.emit(set(limbs[j / 2]!, load(get(y), 4 * j)))
      if (left === 3) fn.emit(set(limbs[j / 2 + 1]!, v128.loadZero32(get(y), 4 * j + 8)))
    }
    for (let i = 0; i < L; i++) {
      fn.emit(set(splat, v128.loadSplat32(get(x), 4 * i)))
      for (let j = 0; j < L; j += 2) {
        const high = j % 4 === 2 && L - (j - 2) >= 4
        const product = high
          ? v128.mulHigh(get(splat), get(limbs[(j - 2) / 2]!))
          : v128.mulLow(get(splat), get(limbs[j / 2]!))
        fn.emit(set(lanes[i + j]!, v128.add64(get(lanes[i + j]!), product)))
      }
    }
    emitAdvance(fn, x, get(stepA))
    emitAdvance(fn, y, get(stepB))
  }
  const flush = (): void => {
    lanes.forEach((lane, k) => {
      fn.emit(set(column[k]!, i64.add(get(column[k]!), v128.lane64(get(lane), 0))))
      if (k + 1 < 2 * L) fn.emit(set(column[k + 1]!, i64.add(get(column[k + 1]!), v128.lane64(get(lane), 1))))
    })
    emitCarry(fn, context, column)
  }

  const oneOutput = (): void => {
    column.forEach(word => fn.emit(set(word, i64.const(0))))
    fn.emit(set(x, get(a)), set(y, get(bColumn)), set(left, get(inner)))
    const bursts = fn.capture(() => {
      const full = i32.ltU(i32.const(burst), get(left))
      fn.emit(ifElse(full, set(terms, i32.const(burst)), set(terms, get(left))))
      fn.emit(set(left, i32.sub(get(left), get(terms))))
      clear()
      emitLoop(fn, terms, term)
      flush()
    })
    fn.emit(ifElse(get(left), doWhile(bursts, get(left)), []))
    const t =
      form.kind === 'pseudo-mersenne'
        ? emitWideFold(fn, context, column)
        : emitWideMontgomery(fn, context, column, inner)
    emitStore(fn, out, t)
    emitAdvance(fn, out, i32.const(size))
    emitAdvance(fn, bColumn, get(columnB))
  }

  emitLoop(fn, rows, () => {
    fn.emit(set(bColumn, get(b)), set(columnCount, get(columns)))
    emitLoop(fn, columnCount, oneOutput)
    emitAdvance(fn, a, get(rowA))
  })
  return fn
}
