import { doWhile, encodeModule, FunctionBuilder, get, i32, i64, ifElse, set, type Code } from '../field/wasm.ts'

/**
 * Kernels for proofs of AND gates: arithmetic modulo 2^61 - 1, 8 bytes an element, values from 0 to 2^61 - 1 (so 0 has two
 * forms), two repetitions side by side. Pointers and strides are in bytes. No branch and no address depends on a value.
 */
export interface ProofKernel {
  /** out[rep] += sum of beta over the gates with (a b2) ^ (b a2) ^ e2 ^ e1 = 1. beta: two words of 56 bits a gate. */
  cross(
    out: number,
    beta: number,
    a: number,
    b: number,
    e2: number,
    a2: number,
    b2: number,
    e1: number,
    words: number
  ): void
  /** Sums of beta: out[rep] += sum. */
  total(out: number, beta: number, count: number): void
  /**
   * Four elements a column: beta * sum over the 8 chunks j of c_j (-1)^e (1, a, b, ab), for each repetition. Chunk j lies
   * `stride` after chunk j - 1; `coefficients` holds c_j and c_j ^ -c_j for both repetitions, 32 bytes a chunk.
   */
  foldLeft(
    out0: number,
    out1: number,
    beta: number,
    a: number,
    b: number,
    e: number,
    stride: number,
    words: number,
    coefficients: number
  ): void
  /** The same with 1, -2, -2 and 4 in place of beta: what makes the inner product with the above (-1)^(a a' ^ b b' ^ e ^ e'). */
  foldRight(
    out0: number,
    out1: number,
    beta: number,
    a: number,
    b: number,
    e: number,
    stride: number,
    words: number,
    coefficients: number
  ): void
  /** out = sum of u_i v_i. */
  dot(out: number, u: number, v: number, count: number): void
  /** out_i = sum over j < terms of coefficients_j * source[j * stride + i]. */
  fold(out: number, source: number, count: number, terms: number, stride: number, coefficients: number): void
  /** out = a - b. */
  sub(out: number, a: number, b: number, count: number): void
  add(out: number, a: number, b: number, count: number): void
}

/** Chunks that one step on bits joins. */
export const BIT_CHUNKS = 8
const MODULUS = (1n << 61n) - 1n
const p = i64.const(MODULUS)

const once = (t: Code): Code => i64.add(i64.and(t, p), i64.shrU(t, 61))

/** Brings t < 2^64 to at most 2^61 - 1. */
function emitReduce(fn: FunctionBuilder, t: number): void {
  fn.emit(set(t, once(get(t))), set(t, once(get(t))))
}

/** t = x * y, below 2^61 + 8. */
function emitProduct(fn: FunctionBuilder, t: number, x: number, y: number, scratch: readonly number[]): void {
  const [xl, xh, yl, yh, middle] = scratch as [number, number, number, number, number]
  const low = i64.const((1n << 31n) - 1n)
  fn.emit(set(xl, i64.and(get(x), low)), set(xh, i64.shrU(get(x), 31)))
  fn.emit(set(yl, i64.and(get(y), low)), set(yh, i64.shrU(get(y), 31)))
  fn.emit(set(middle, i64.add(i64.mul(get(xl), get(yh)), i64.mul(get(xh), get(yl)))))
  const outer = i64.add(i64.mul(get(xl), get(yl)), i64.shl(i64.mul(get(xh), get(yh)), 1))
  const inner = i64.add(i64.shrU(get(middle), 30), i64.shl(i64.and(get(middle), i64.const((1n << 30n) - 1n)), 31))
  fn.emit(set(t, i64.add(outer, inner)))
  fn.emit(set(t, once(get(t))))
}

function emitRepeat(fn: FunctionBuilder, count: number, write: () => void): void {
  const body = fn.capture(() => {
    write()
    fn.emit(set(count, i32.sub(get(count), i32.const(1))))
  })
  fn.emit(ifElse(get(count), doWhile(body, get(count)), []))
}

const advance = (pointer: number, by: Code): Code => set(pointer, i32.add(get(pointer), by))
const lowBitMask = (word: number): Code => i64.sub(i64.const(0), i64.and(get(word), i64.const(1)))

function crossKernel(): FunctionBuilder {
  const fn = new FunctionBuilder('cross', Array(9).fill('i32'))
  const [out, beta, a, b, e2, a2, b2, e1, words] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  const [z, mask, sum0, sum1] = fn.locals('i64', 4) as [number, number, number, number]
  fn.emit(set(sum0, i64.load(get(out), 0)), set(sum1, i64.load(get(out), 8)))
  const word = (pointer: number): Code => i64.load32(get(pointer), 0)
  emitRepeat(fn, words, () => {
    const gates = i64.xor(i64.and(word(a), word(b2)), i64.and(word(b), word(a2)))
    fn.emit(set(z, i64.xor(gates, i64.xor(word(e2), word(e1)))))
    for (let i = 0; i < 32; i++) {
      fn.emit(set(mask, lowBitMask(z)), set(z, i64.shrU(get(z), 1)))
      fn.emit(set(sum0, i64.add(get(sum0), i64.and(get(mask), i64.load(get(beta), 16 * i)))))
      fn.emit(set(sum1, i64.add(get(sum1), i64.and(get(mask), i64.load(get(beta), 16 * i + 8)))))
    }
    // 32 numbers below 2^56 stay below 2^61
    fn.emit(set(sum0, once(get(sum0))), set(sum1, once(get(sum1))))
    fn.emit(advance(beta, i32.const(512)))
    for (const pointer of [a, b, e2, a2, b2, e1]) fn.emit(advance(pointer, i32.const(4)))
  })
  emitReduce(fn, sum0)
  emitReduce(fn, sum1)
  fn.emit(i64.store(get(out), 0, get(sum0)), i64.store(get(out), 8, get(sum1)))
  return fn
}

function totalKernel(): FunctionBuilder {
  const fn = new FunctionBuilder('total', Array(3).fill('i32'))
  const [out, beta, count] = [0, 1, 2]
  const sums = fn.locals('i64', 2)
  sums.forEach((sum, rep) => fn.emit(set(sum, i64.load(get(out), 8 * rep))))
  emitRepeat(fn, count, () => {
    sums.forEach((sum, rep) => fn.emit(set(sum, once(i64.add(get(sum), i64.load(get(beta), 8 * rep))))))
    fn.emit(advance(beta, i32.const(16)))
  })
  sums.forEach((sum, rep) => {
    emitReduce(fn, sum)
    fn.emit(i64.store(get(out), 8 * rep, get(sum)))
  })
  return fn
}

function foldBitsKernel(name: 'foldLeft' | 'foldRight'): FunctionBuilder {
  const fn = new FunctionBuilder(name, Array(9).fill('i32'))
  const [out0, out1, beta, a, b, e, stride, words, coefficients] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  const [at, left] = fn.locals('i32', 2) as [number, number]
  const planes = [a, b, e].map(() => fn.locals('i64', BIT_CHUNKS))
  const masks = fn.locals('i64', 4)
  const sums = [0, 1].map(() => fn.locals('i64', 4))
  const [value, weight] = fn.locals('i64', 2) as [number, number]
  const scratch = fn.locals('i64', 5)
  const column = (): void => {
    sums.flat().forEach(sum => fn.emit(set(sum, i64.const(0))))
    for (let j = 0; j < BIT_CHUNKS; j++) {
      planes.forEach((chunks, i) => {
        fn.emit(set(masks[i]!, lowBitMask(chunks[j]!)), set(chunks[j]!, i64.shrU(get(chunks[j]!), 1)))
      })
      fn.emit(set(masks[3]!, i64.and(get(masks[0]!), get(masks[1]!))))
      sums.forEach((four, rep) => {
        const [plus, change] = [32 * j + 16 * rep, 32 * j + 16 * rep + 8]
        const flipped = i64.and(i64.load(get(coefficients), change), get(masks[2]!))
        fn.emit(set(value, i64.xor(i64.load(get(coefficients), plus), flipped)))
        fn.emit(set(four[0]!, i64.add(get(four[0]!), get(value))))
        ;[masks[0]!, masks[1]!, masks[3]!].forEach((mask, k) =>
          fn.emit(set(four[k + 1]!, i64.add(get(four[k + 1]!), i64.and(get(value), get(mask)))))
        )
      })
    }
    sums.forEach((four, rep) => {
      if (name === 'foldLeft') fn.emit(set(weight, i64.load(get(beta), 8 * rep)))
      four.forEach((sum, k) => {
        emitReduce(fn, sum)
        if (name === 'foldLeft') {
          emitProduct(fn, value, sum, weight, scratch)
          fn.emit(set(value, once(get(value))))
        } else {
          fn.emit(set(value, k === 0 ? get(sum) : i64.shl(get(sum), k === 3 ? 2 : 1)))
          emitReduce(fn, value)
          if (k === 1 || k === 2) fn.emit(set(value, i64.sub(p, get(value))))
        }
        fn.emit(i64.store(get(rep === 0 ? out0 : out1), 8 * k, get(value)))
      })
    })
    fn.emit(advance(out0, i32.const(32)), advance(out1, i32.const(32)), advance(beta, i32.const(16)))
  }
  emitRepeat(fn, words, () => {
    ;[a, b, e].forEach((pointer, i) => {
      fn.emit(set(at, get(pointer)))
      for (const chunk of planes[i]!) fn.emit(set(chunk, i64.load32(get(at), 0)), advance(at, get(stride)))
      fn.emit(advance(pointer, i32.const(4)))
    })
    fn.emit(set(left, i32.const(32)))
    emitRepeat(fn, left, column)
  })
  return fn
}

function dotKernel(): FunctionBuilder {
  const fn = new FunctionBuilder('dot', Array(4).fill('i32'))
  const [out, u, v, count] = [0, 1, 2, 3]
  const [x, y, t, sum] = fn.locals('i64', 4) as [number, number, number, number]
  const scratch = fn.locals('i64', 5)
  emitRepeat(fn, count, () => {
    fn.emit(set(x, i64.load(get(u), 0)), set(y, i64.load(get(v), 0)))
    emitProduct(fn, t, x, y, scratch)
    fn.emit(set(sum, once(i64.add(get(sum), get(t)))))
    fn.emit(advance(u, i32.const(8)), advance(v, i32.const(8)))
  })
  emitReduce(fn, sum)
  fn.emit(i64.store(get(out), 0, get(sum)))
  return fn
}

function foldKernel(): FunctionBuilder {
  const fn = new FunctionBuilder('fold', Array(6).fill('i32'))
  const [out, source, count, terms, stride, coefficients] = [0, 1, 2, 3, 4, 5]
  const [at, coefficient, left] = fn.locals('i32', 3) as [number, number, number]
  const [x, y, t, sum] = fn.locals('i64', 4) as [number, number, number, number]
  const scratch = fn.locals('i64', 5)
  emitRepeat(fn, count, () => {
    fn.emit(set(at, get(source)), set(coefficient, get(coefficients)), set(left, get(terms)), set(sum, i64.const(0)))
    emitRepeat(fn, left, () => {
      fn.emit(set(x, i64.load(get(at), 0)), set(y, i64.load(get(coefficient), 0)))
      emitProduct(fn, t, x, y, scratch)
      fn.emit(set(sum, once(i64.add(get(sum), get(t)))))
      fn.emit(advance(at, get(stride)), advance(coefficient, i32.const(8)))
    })
    emitReduce(fn, sum)
    fn.emit(i64.store(get(out), 0, get(sum)), advance(out, i32.const(8)), advance(source, i32.const(8)))
  })
  return fn
}

function sumKernel(name: 'add' | 'sub'): FunctionBuilder {
  const fn = new FunctionBuilder(name, Array(4).fill('i32'))
  const [out, a, b, count] = [0, 1, 2, 3]
  const t = fn.local('i64')
  emitRepeat(fn, count, () => {
    const right = i64.load(get(b), 0)
    fn.emit(set(t, i64.add(i64.load(get(a), 0), name === 'add' ? right : i64.sub(p, right))))
    emitReduce(fn, t)
    fn.emit(i64.store(get(out), 0, get(t)))
    for (const pointer of [out, a, b]) fn.emit(advance(pointer, i32.const(8)))
  })
  return fn
}

const PAGE = 65536

/** The kernels with their memory, which grows as proofs need it: `proofMemory(bytes)` says that this much must be there. */
export function compileProofKernel(): { kernel: ProofKernel; proofMemory: (bytes: number) => ArrayBuffer } {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const functions = [
    crossKernel(),
    totalKernel(),
    foldBitsKernel('foldLeft'),
    foldBitsKernel('foldRight'),
    dotKernel(),
    foldKernel(),
    sumKernel('add'),
    sumKernel('sub')
  ]
  const instance = new WebAssembly.Instance(new WebAssembly.Module(encodeModule(functions, 1)), { env: { memory } })
  const proofMemory = (bytes: number): ArrayBuffer => {
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE)
    if (missing > 0) memory.grow(missing)
    return memory.buffer
  }
  return { kernel: instance.exports as unknown as ProofKernel, proofMemory }
}
