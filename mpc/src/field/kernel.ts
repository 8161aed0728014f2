import { toLimbs, type FieldForm } from './prime.ts'
import { doWhile, encodeModule, FunctionBuilder, get, i32, i64, ifElse, set, v128, type Code } from './wasm.ts'

/**
 * Batch kernels over vectors of field elements, generated for one prime.
 *
 * An element is `limbs` 32-bit words, each below 2^width, and its value is always below p: every kernel reduces fully before it
 * stores. No kernel branches on, or indexes by, the value of an element. Pointers and strides are in bytes; a stride of 0
 * repeats one element. Operands may be the output, at the same offset.
 */
export interface Kernel {
  add(out: number, a: number, b: number, count: number, strideA: number, strideB: number): void
  sub(out: number, a: number, b: number, count: number, strideA: number, strideB: number): void
  mul(out: number, a: number, b: number, count: number, strideA: number, strideB: number): void
  /** out = a*u + b*v, with strides of their own for u and v. */
  mul2(out: number, a: number, u: number, b: number, v: number, count: number, strideU: number, strideV: number): void
  /** out[i][j] = sum over l of a[i][l] * b[l][j]; element a[i][l] is at a + i*rowA + l*stepA, b[l][j] at b + l*stepB + j*columnB. */
  matmul(
    out: number,
    a: number,
    b: number,
    rows: number,
    inner: number,
    columns: number,
    rowA: number,
    stepA: number,
    stepB: number,
    columnB: number
  ): void
  /** Keeps the candidates below p among `count` random ones (words are masked to the field's width). Returns how many it kept. */
  sample(out: number, source: number, count: number): number
  /** 1 if all elements are well formed: words below 2^width and value below p. Looks at every element in any case. */
  valid(a: number, count: number): number
  /** out = a AND mask, word by word, with one mask element for all. */
  mask(out: number, a: number, mask: number, count: number): void
}

interface Context {
  readonly form: FieldForm
  readonly prime: readonly number[]
  readonly limbMask: bigint
  readonly size: number
}

/** Stores t (normalised words, the top one may be larger) minus p if t >= p, else t. `t` must be below 2p. Changes `t`. */
function emitFinalSubtraction(
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

function emitStore(fn: FunctionBuilder, out: number, t: readonly number[]): void {
  t.forEach((limb, i) => fn.emit(i64.store32(get(out), 4 * i, get(limb))))
}

function emitAdvance(fn: FunctionBuilder, pointer: number, by: Code): void {
  fn.emit(set(pointer, i32.add(get(pointer), by)))
}

/** `count` times the body that `write` emits; `count` is a local and is used up. Nothing runs for 0. */
function emitLoop(fn: FunctionBuilder, count: number, write: () => void): void {
  const body = fn.capture(() => {
    write()
    fn.emit(set(count, i32.sub(get(count), i32.const(1))))
  })
  fn.emit(ifElse(get(count), doWhile(body, get(count)), []))
}

/** Carries `from` words into normalised ones, the last keeping its excess. */
function emitCarry(fn: FunctionBuilder, { form, limbMask }: Context, words: readonly number[]): void {
  for (let i = 0; i + 1 < words.length; i++) {
    fn.emit(set(words[i + 1]!, i64.add(get(words[i + 1]!), i64.shrU(get(words[i]!), form.width))))
    fn.emit(set(words[i]!, i64.and(get(words[i]!), i64.const(limbMask))))
  }
}

/** Montgomery reduction of 2L (or 2L+1) columns in place; the result is in the words from L on, not normalised. */
function emitMontgomery(fn: FunctionBuilder, { form, prime, limbMask }: Context, columns: readonly number[]): void {
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

const foldConstant = ({ p, bits, limbs, width }: FieldForm): bigint =>
  ((1n << BigInt(bits)) - p) << BigInt(limbs * width - bits)

/** Pseudo-Mersenne: brings L words (any size below 2^63) to a normalised value below 2p, in place. */
function emitFold(fn: FunctionBuilder, context: Context, t: readonly number[]): void {
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

/** o = sum of `pairs` products x_j * y_j, in one reduction. */
function productKernel(name: string, context: Context, pairs: 1 | 2): FunctionBuilder {
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

function sumKernel(name: 'add' | 'sub', context: Context): FunctionBuilder {
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

/**
 * Sums of products with lazy reduction. One SIMD lane pair holds two neighbouring columns, so elements stay in their plain
 * layout; columns are carried every `burst` terms, before 64 bits could overflow, and reduced once at the end.
 */
function matmulKernel(context: Context): FunctionBuilder {
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

/** Carried columns of a sum of up to 2^32 products -> canonical words. */
function emitWideFold(fn: FunctionBuilder, context: Context, column: readonly number[]): number[] {
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

function emitWideMontgomery(fn: FunctionBuilder, context: Context, column: readonly number[], inner: number): number[] {
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

function sampleKernel(context: Context): FunctionBuilder {
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

function validKernel(context: Context): FunctionBuilder {
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

function maskKernel({ form, size }: Context): FunctionBuilder {
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

export const SCRATCH_PAGES = 64

/** Compiles the kernels of a prime: about 10 ms, once per prime and process. */
export function compileKernel(form: FieldForm): { kernel: Kernel; memory: WebAssembly.Memory } {
  const context: Context = {
    form,
    prime: toLimbs(form.p, form),
    limbMask: (1n << BigInt(form.width)) - 1n,
    size: 4 * form.limbs
  }
  const functions = [
    sumKernel('add', context),
    sumKernel('sub', context),
    productKernel('mul', context, 1),
    productKernel('mul2', context, 2),
    matmulKernel(context),
    sampleKernel(context),
    validKernel(context),
    maskKernel(context)
  ]
  const memory = new WebAssembly.Memory({ initial: SCRATCH_PAGES, maximum: SCRATCH_PAGES })
  const module = new WebAssembly.Module(encodeModule(functions, SCRATCH_PAGES))
  const instance = new WebAssembly.Instance(module, { env: { memory } })
  return { kernel: instance.exports as unknown as Kernel, memory }
}
