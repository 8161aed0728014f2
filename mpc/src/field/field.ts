import { MpcError, shapeError } from '../errors.ts'
import { compileKernel, SCRATCH_PAGES, type Kernel } from './kernel.ts'
import { fieldForm, modInverse, toLimbs, type FieldForm } from './prime.ts'

/** The documented default modulus (164 bits), and the fast one. */
export const DEFAULT_PRIME = 22953686867719691230002707821868552601124472329079n
export const FAST_PRIME = 2n ** 130n - 5n

/**
 * A vector of field elements: `field.limbs` words each, in the field's own form. Only a `Field` reads or writes the words.
 * On the wire a vector is its words, little endian.
 */
export type Vec = Uint32Array<ArrayBuffer>

const SCRATCH_BYTES = SCRATCH_PAGES * 65536
/** Elements of one kernel call: operands of this size stay in the second-level cache. */
const CHUNK = 2048
const fields = new Map<bigint, Field>()

if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
  throw new MpcError({ code: 'MPC_PARAMETERS', what: 'platform' }, 'The field kernels need a little-endian machine.')
}

/**
 * Arithmetic in F_p on flat vectors. Operands are copied through a small WebAssembly memory, so vectors are ordinary typed
 * arrays: they can be sent, kept, sliced and collected like any other.
 *
 * Time depends on lengths only, never on values, except in the conversions from and to BigInt, which clients and tests use.
 */
export class Field {
  readonly form: FieldForm
  readonly p: bigint
  readonly bits: number
  /** Words of 32 bits an element. */
  readonly limbs: number
  /** Bytes of an element in memory and on the wire. */
  readonly bytes: number
  readonly #kernel: Kernel
  readonly #words: Uint32Array
  readonly #toForm: Vec
  readonly #fromForm: Vec

  /** The field of a prime; its kernels are compiled once. @throws MPC_PARAMETERS for anything but a supported prime. */
  static of(p: bigint): Field {
    let field = fields.get(p)
    if (field === undefined) fields.set(p, (field = new Field(p)))
    return field
  }

  private constructor(p: bigint) {
    this.form = fieldForm(p)
    this.p = p
    this.bits = this.form.bits
    this.limbs = this.form.limbs
    this.bytes = 4 * this.limbs
    const { kernel, memory } = compileKernel(this.form)
    this.#kernel = kernel
    this.#words = new Uint32Array(memory.buffer)
    this.#toForm = Uint32Array.from(toLimbs((this.form.radix * this.form.radix) % p, this.form))
    this.#fromForm = Uint32Array.from(toLimbs(1n, this.form))
  }

  length(x: Vec): number {
    return x.length / this.limbs
  }

  zeros(count: number): Vec {
    return new Uint32Array(count * this.limbs)
  }

  slice(x: Vec, from: number, to?: number): Vec {
    return x.subarray(from * this.limbs, to === undefined ? undefined : to * this.limbs)
  }

  concat(parts: readonly Vec[]): Vec {
    const out = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      out.set(part, at)
      at += part.length
    }
    return out
  }

  /** One vector for each element. */
  split(x: Vec): Vec[] {
    return Array.from({ length: this.length(x) }, (_, i) => this.slice(x, i, i + 1))
  }

  /** Elements `indices[i]` of x, in that order. */
  gather(x: Vec, indices: ArrayLike<number>): Vec {
    const L = this.limbs
    const out = new Uint32Array(indices.length * L)
    for (let i = 0; i < indices.length; i++) {
      const from = indices[i]! * L
      for (let l = 0; l < L; l++) out[i * L + l] = x[from + l]!
    }
    return out
  }

  /** The transpose of a rows x columns matrix. */
  transpose(x: Vec, rows: number, columns: number): Vec {
    const indices = new Uint32Array(rows * columns)
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) indices[j * rows + i] = i * columns + j
    return this.gather(x, indices)
  }

  /** `count` copies of one element. */
  fill(element: Vec, count: number): Vec {
    const out = new Uint32Array(count * this.limbs)
    for (let i = 0; i < count; i++) out.set(element, i * this.limbs)
    return out
  }

  // ---- conversions -------------------------------------------------------------------------------------------------

  from(values: readonly bigint[]): Vec {
    const { limbs, form } = this
    const raw = this.zeros(values.length)
    const width = BigInt(form.width)
    const mask = (1n << width) - 1n
    values.forEach((value, i) => {
      let rest = ((value % this.p) + this.p) % this.p
      for (let l = 0; l < limbs; l++, rest >>= width) raw[i * limbs + l] = Number(rest & mask)
    })
    return this.fromRaw(raw)
  }

  constant(value: bigint): Vec {
    return this.from([value])
  }

  /** Whole numbers below 2^53 in size, without BigInt and without branching on them. */
  fromIntegers(values: ArrayLike<number>): Vec {
    const { limbs, form } = this
    const raw = this.zeros(values.length)
    const base = 2 ** form.width
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (!Number.isSafeInteger(value))
        throw new MpcError({ code: 'MPC_RANGE', what: 'integer' }, 'Not a safe integer.')
      // value + 2^53 in words, without leaving the safe integers
      const high = Math.floor(value / base)
      const rest = high + 2 ** 53 / base
      const top = Math.floor(rest / base)
      raw[i * limbs] = value - high * base
      raw[i * limbs + 1] = rest - top * base
      raw[i * limbs + 2] = top
    }
    return this.sub(this.fromRaw(raw), this.constant(2n ** 53n))
  }

  /** Values in [0, p). */
  toBigints(x: Vec): bigint[] {
    const raw = this.toRaw(x)
    const { limbs } = this
    const width = BigInt(this.form.width)
    return Array.from({ length: this.length(x) }, (_, i) => {
      let value = 0n
      for (let l = limbs - 1; l >= 0; l--) value = (value << width) | BigInt(raw[i * limbs + l]!)
      return value
    })
  }

  /** Values in (-p/2, p/2). */
  toSigned(x: Vec): bigint[] {
    const half = this.p >> 1n
    return this.toBigints(x).map(value => (value > half ? value - this.p : value))
  }

  /** Plain words (value, not form), below p or not: any `width`-bit words with a value below 2^(width*limbs) and 2^28 p. */
  fromRaw(raw: Vec): Vec {
    return this.mul(raw, this.#toForm)
  }

  /** The words of the values themselves. */
  toRaw(x: Vec): Vec {
    return this.mul(x, this.#fromForm)
  }

  /** floor(value / 2^bits) of plain words, as plain words. Meant for opened values. */
  shiftRaw(raw: Vec, bits: number): Vec {
    const { limbs } = this
    const width = this.form.width
    const words = Math.floor(bits / width)
    const rest = bits % width
    const mask = 2 ** width - 1
    const out = new Uint32Array(raw.length)
    for (let at = 0; at < raw.length; at += limbs) {
      for (let l = 0; l + words < limbs; l++) {
        const low = raw[at + l + words]! >>> rest
        const high = rest > 0 && l + words + 1 < limbs ? raw[at + l + words + 1]! << (width - rest) : 0
        out[at + l] = (low | high) & mask
      }
    }
    return out
  }

  /** value mod 2^bits of plain words, as plain words. */
  lowRaw(raw: Vec, bits: number): Vec {
    return this.#mask(raw, bits)
  }

  /** Bit `bit` of each plain value. */
  bitRaw(raw: Vec, index: number, bit: number): number {
    const width = this.form.width
    return (raw[index * this.limbs + Math.floor(bit / width)]! >>> (bit % width)) & 1
  }

  // ---- arithmetic --------------------------------------------------------------------------------------------------

  /** `out`, here and below, takes the result in place of a new vector; it may be an operand. */
  add(x: Vec, y: Vec, out?: Vec): Vec {
    return this.#elementwise('add', x, y, out)
  }

  sub(x: Vec, y: Vec, out?: Vec): Vec {
    return this.#elementwise('sub', x, y, out)
  }

  neg(x: Vec): Vec {
    return this.#elementwise('sub', this.zeros(1), x)
  }

  /** Element by element; an operand of one element is used for all. */
  mul(x: Vec, y: Vec): Vec {
    return this.#elementwise('mul', x, y)
  }

  scale(x: Vec, factor: bigint): Vec {
    return this.mul(x, this.constant(factor))
  }

  /** Sum of all elements. */
  sum(x: Vec): Vec {
    const count = this.length(x)
    return this.matmul(this.fill(this.constant(1n), Math.min(count, CHUNK)), x, 1, count, 1, true)
  }

  dot(x: Vec, y: Vec): Vec {
    if (x.length !== y.length) throw shapeError('dot', 'The vectors of a dot product differ in length.')
    return this.matmul(x, y, 1, this.length(x), 1)
  }

  /** x*u + y*v; u and v may be single elements. */
  mulAdd2(x: Vec, u: Vec, y: Vec, v: Vec, target?: Vec): Vec {
    const { limbs, bytes } = this
    const count = this.length(x)
    const single = (w: Vec): boolean => w.length === limbs && count !== 1
    if (x.length !== y.length || [u, v].some(w => !single(w) && w.length !== x.length)) {
      throw shapeError('mulAdd2', 'The operands differ in length.')
    }
    const out = this.#target(count, target)
    const area = CHUNK * bytes
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at)
      this.#load(0, x, at, n)
      this.#load(area, u, single(u) ? 0 : at, single(u) ? 1 : n)
      this.#load(2 * area, y, at, n)
      this.#load(3 * area, v, single(v) ? 0 : at, single(v) ? 1 : n)
      this.#kernel.mul2(4 * area, 0, area, 2 * area, 3 * area, n, single(u) ? 0 : bytes, single(v) ? 0 : bytes)
      this.#store(4 * area, out, at, n)
    }
    return out
  }

  /** Sum of coefficients[j] * vectors[j]. */
  combine(coefficients: readonly Vec[], vectors: readonly Vec[]): Vec {
    if (coefficients.length !== vectors.length || vectors.length === 0) {
      throw shapeError('combine', 'A combination needs one coefficient for each vector.')
    }
    if (vectors.length === 1) return this.mul(vectors[0]!, coefficients[0]!)
    if (vectors.length === 2) return this.mulAdd2(vectors[0]!, coefficients[0]!, vectors[1]!, coefficients[1]!)
    const count = this.length(vectors[0]!)
    if (vectors.some(vector => vector.length !== vectors[0]!.length))
      throw shapeError('combine', 'The vectors differ in length.')
    const { bytes } = this
    const terms = vectors.length
    const chunk = Math.min(CHUNK, Math.floor(SCRATCH_BYTES / bytes / (terms + 2)) - 1)
    const out = this.zeros(count)
    const [base, result] = [terms * bytes, terms * bytes + terms * chunk * bytes]
    coefficients.forEach((coefficient, j) => this.#words.set(coefficient, j * this.limbs))
    for (let at = 0; at < count; at += chunk) {
      const n = Math.min(chunk, count - at)
      vectors.forEach((vector, j) => this.#load(base + j * chunk * bytes, vector, at, n))
      this.#kernel.matmul(result, 0, base, 1, terms, n, 0, bytes, chunk * bytes, bytes)
      this.#store(result, out, at, n)
    }
    return out
  }

  /**
   * Product of a (rows x inner) and b (inner x columns), both row by row. With `repeatA` (one row only), `a` is the head of a
   * row in which all elements are equal.
   */
  matmul(a: Vec, b: Vec, rows: number, inner: number, columns: number, repeatA = false): Vec {
    const { bytes, limbs } = this
    if ((!repeatA && a.length !== rows * inner * limbs) || b.length !== inner * columns * limbs) {
      throw shapeError('matmul', `The operands are not ${rows} x ${inner} and ${inner} x ${columns}.`)
    }
    const third = Math.floor(SCRATCH_BYTES / 3 / bytes)
    const innerBlock = Math.max(1, Math.min(inner, CHUNK))
    const columnBlock = Math.max(1, Math.min(columns, Math.floor(third / innerBlock)))
    const rowBlock = Math.max(1, Math.min(rows, Math.floor(third / Math.max(innerBlock, columnBlock))))
    const [baseB, baseOut] = [third * bytes, 2 * third * bytes]
    let out = this.zeros(rows * columns)
    for (let l = 0; l < inner; l += innerBlock) {
      const depth = Math.min(innerBlock, inner - l)
      const partial = l === 0 ? out : this.zeros(rows * columns)
      for (let j = 0; j < columns; j += columnBlock) {
        const width = Math.min(columnBlock, columns - j)
        if (width === columns) this.#load(baseB, b, l * columns, depth * columns)
        else for (let k = 0; k < depth; k++) this.#load(baseB + k * width * bytes, b, (l + k) * columns + j, width)
        for (let i = 0; i < rows; i += rowBlock) {
          const height = Math.min(rowBlock, rows - i)
          for (let r = 0; r < height; r++) this.#load(r * depth * bytes, a, repeatA ? 0 : (i + r) * inner + l, depth)
          this.#kernel.matmul(baseOut, 0, baseB, height, depth, width, depth * bytes, bytes, width * bytes, bytes)
          for (let r = 0; r < height; r++)
            this.#store(baseOut + r * width * bytes, partial, (i + r) * columns + j, width)
        }
      }
      if (l > 0) out = this.add(out, partial)
    }
    return out
  }

  /** The inverse of each element by one inversion and 3 products an element; 0 has none. For public values. */
  inverse(x: Vec): Vec {
    return this.from(
      this.toBigints(x).map(value => {
        if (value === 0n) throw new MpcError({ code: 'MPC_DEGENERATE', operation: 'inverse' }, 'Zero has no inverse.')
        return modInverse(value, this.p)
      })
    )
  }

  // ---- bytes and randomness ----------------------------------------------------------------------------------------

  /** Whether each element is below p and well formed. Everything that came from another party passes here first. */
  valid(x: Vec): boolean {
    if (x.length % this.limbs !== 0) return false
    const count = this.length(x)
    let good = 1
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at)
      this.#load(0, x, at, n)
      good &= this.#kernel.valid(0, n)
    }
    return good === 1
  }

  /**
   * `count` uniform elements from a keystream, by rejection. `next(bytes)` is asked for whole chunks until enough candidates
   * were below p; everyone who holds the key draws the same elements.
   */
  sample(count: number, next: (bytes: number) => Uint8Array, target?: Vec): Vec {
    const { bytes } = this
    const out = this.#target(count, target)
    const area = (CHUNK + 64) * bytes
    // Candidates below 2^bits: the share that is kept is p / 2^bits.
    const keep = Number((this.p << 20n) >> BigInt(this.bits)) / 2 ** 20
    for (let at = 0; at < count;) {
      const wanted = Math.min(CHUNK, count - at)
      const tries = Math.min(CHUNK, Math.ceil(wanted / keep) + (keep > 0.9999 ? 0 : Math.ceil(Math.sqrt(wanted))))
      const stream = next(tries * bytes)
      new Uint8Array(this.#words.buffer, 0, stream.length).set(stream)
      const kept = Math.min(wanted, this.#kernel.sample(area, 0, tries))
      this.#store(area, out, at, kept)
      at += kept
    }
    return out
  }

  /** `count` plain values below 2^bits from a keystream, as plain words. `bits` is below the bits of p. */
  sampleRaw(count: number, bits: number, next: (bytes: number) => Uint8Array): Vec {
    const raw = this.zeros(count)
    const bytes = new Uint8Array(raw.buffer)
    for (let at = 0; at < bytes.length; at += CHUNK * this.bytes) {
      bytes.set(next(Math.min(CHUNK * this.bytes, bytes.length - at)), at)
    }
    return this.#mask(raw, bits)
  }

  /** The same as elements. */
  sampleBits(count: number, bits: number, next: (bytes: number) => Uint8Array): Vec {
    return this.fromRaw(this.sampleRaw(count, bits, next))
  }

  /** The wire form: a view, not a copy. */
  toBytes(x: Vec): Uint8Array<ArrayBuffer> {
    return new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
  }

  /** `bytes` must hold whole elements; check them with `valid`. Copies only if the bytes are not aligned. */
  fromBytes(bytes: Uint8Array): Vec {
    if (bytes.byteLength % this.bytes !== 0) throw shapeError('fromBytes', 'Not a whole number of field elements.')
    if (bytes.byteOffset % 4 === 0 && bytes.buffer instanceof ArrayBuffer) {
      return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    }
    return new Uint32Array(bytes.slice().buffer)
  }

  #mask(raw: Vec, bits: number): Vec {
    const mask = Uint32Array.from(toLimbs((1n << BigInt(bits)) - 1n, this.form))
    const { bytes } = this
    const count = this.length(raw)
    const out = this.zeros(count)
    this.#words.set(mask, 0)
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at)
      this.#load(bytes, raw, at, n)
      this.#kernel.mask(bytes, bytes, 0, n)
      this.#store(bytes, out, at, n)
    }
    return out
  }

  #elementwise(name: 'add' | 'sub' | 'mul', x: Vec, y: Vec, target?: Vec): Vec {
    const { limbs, bytes } = this
    const repeatX = x.length === limbs && y.length !== limbs
    const repeatY = y.length === limbs && x.length !== limbs
    if (x.length !== y.length && !repeatX && !repeatY) throw shapeError(name, `${name}: the vectors differ in length.`)
    const count = Math.floor((repeatX ? y.length : x.length) / limbs)
    const out = this.#target(count, target)
    const area = CHUNK * bytes
    const kernel = this.#kernel
    if (repeatX) this.#words.set(x, 0)
    if (repeatY) this.#words.set(y, area / 4)
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at)
      if (!repeatX) this.#load(0, x, at, n)
      if (!repeatY) this.#load(area, y, at, n)
      kernel[name](2 * area, 0, area, n, repeatX ? 0 : bytes, repeatY ? 0 : bytes)
      this.#store(2 * area, out, at, n)
    }
    return out
  }

  #target(count: number, given: Vec | undefined): Vec {
    if (given && given.length !== count * this.limbs)
      throw shapeError('out', 'The vector for the result has another length.')
    return given ?? this.zeros(count)
  }

  #load(byteOffset: number, x: Vec, from: number, count: number): void {
    this.#words.set(x.subarray(from * this.limbs, (from + count) * this.limbs), byteOffset / 4)
  }

  #store(byteOffset: number, out: Vec, from: number, count: number): void {
    const at = byteOffset / 4
    out.set(this.#words.subarray(at, at + count * this.limbs), from * this.limbs)
  }
}
