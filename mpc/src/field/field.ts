import { MpcError, shapeError } from '../errors.ts'
import { Batch, CHUNK } from './batch.ts'
import * as matrix from './matrix.ts'
import * as plain from './plain.ts'
import { fieldForm, modInverse, toLimbs, type FieldForm } from './prime.ts'
import { sample, sampleRaw, type Stream } from './sampling.ts'
import * as vec from './vec.ts'
import type { Vec } from './vec.ts'

export type { Vec } from './vec.ts'

/** The documented default modulus (164 bits), and the fast one. */
export const DEFAULT_PRIME = 22953686867719691230002707821868552601124472329079n
export const FAST_PRIME = 2n ** 130n - 5n

const KNOWN_CONSTANTS = 4096
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
  readonly #batch: Batch
  readonly #constants = new Map<bigint, Vec>()
  readonly #toForm: Vec
  readonly #fromForm: Vec

  /** The field of a prime; its kernels are compiled once. @throws MPC_PARAMETERS for anything but a supported prime. */
  static of(p: bigint): Field {
    let field = fields.get(p)
    if (field === undefined) fields.set(p, (field = new Field(p)))
    return field
  }

  /** With `like`, on the kernels of a field of the same prime. */
  protected constructor(p: bigint, like?: Field) {
    this.form = fieldForm(p)
    this.p = p
    this.bits = this.form.bits
    this.limbs = this.form.limbs
    this.bytes = 4 * this.limbs
    this.#batch = like ? like.#batch : new Batch(this.form)
    this.#toForm = Uint32Array.from(toLimbs((this.form.radix * this.form.radix) % p, this.form))
    this.#fromForm = Uint32Array.from(toLimbs(1n, this.form))
  }

  length(x: Vec): number {
    return x.length / this.limbs
  }

  zeros(count: number): Vec {
    return vec.zeros(count * this.limbs)
  }

  slice(x: Vec, from: number, to?: number): Vec {
    return x.subarray(from * this.limbs, to === undefined ? undefined : to * this.limbs)
  }

  concat(parts: readonly Vec[]): Vec {
    return vec.concat(parts)
  }

  /** One vector for each element. */
  split(x: Vec): Vec[] {
    return Array.from({ length: this.length(x) }, (_, i) => this.slice(x, i, i + 1))
  }

  /** Elements `indices[i]` of x, in that order. */
  gather(x: Vec, indices: ArrayLike<number>): Vec {
    return vec.gather(x, indices, this.limbs)
  }

  /** The transpose of a rows x columns matrix. */
  transpose(x: Vec, rows: number, columns: number): Vec {
    return vec.transpose(x, rows, columns, this.limbs)
  }

  /** `count` copies of one element. */
  fill(element: Vec, count: number): Vec {
    return vec.fill(element, count)
  }

  // ---- conversions -------------------------------------------------------------------------------------------------

  from(values: readonly bigint[]): Vec {
    return this.fromRaw(plain.wordsOf(values, this.p, this.form))
  }

  /** One element. The same few come back all the time and are kept: nobody may overwrite the result. */
  constant(value: bigint): Vec {
    let found = this.#constants.get(value)
    if (!found) {
      found = this.from([value])
      if (this.#constants.size >= KNOWN_CONSTANTS) this.#constants.clear()
      this.#constants.set(value, found)
    }
    return found
  }

  /** Whole numbers below 2^53 in size, without BigInt and without branching on them. @throws MPC_RANGE */
  fromIntegers(values: ArrayLike<number>): Vec {
    return this.sub(this.fromRaw(plain.liftedIntegers(values, this.form)), this.constant(2n ** 53n))
  }

  /** Values in [0, p). */
  toBigints(x: Vec): bigint[] {
    return plain.valuesOf(this.toRaw(x), this.form)
  }

  /** Values in (-p/2, p/2). */
  toSigned(x: Vec): bigint[] {
    const half = this.p >> 1n
    return this.toBigints(x).map(value => (value > half ? value - this.p : value))
  }

  /** Plain words (value, not form), below p or not: any `width`-bit words with a value below 2^(width*limbs) and 2^28 p. */
  fromRaw(raw: Vec, out?: Vec): Vec {
    return this.mul(raw, this.#toForm, out)
  }

  /** The words of the values themselves. */
  toRaw(x: Vec, out?: Vec): Vec {
    return this.mul(x, this.#fromForm, out)
  }

  /** floor(value / 2^bits) of plain words, as plain words. Meant for opened values. */
  shiftRaw(raw: Vec, bits: number, out?: Vec): Vec {
    return plain.shift(raw, bits, this.form, out)
  }

  /** value mod 2^bits of plain words, as plain words. */
  lowRaw(raw: Vec, bits: number): Vec {
    return this.#batch.mask(raw, bits)
  }

  /** Bit `bit` of each plain value. */
  bitRaw(raw: Vec, index: number, bit: number): number {
    return plain.bitOf(raw, index, bit, this.form)
  }

  // ---- arithmetic --------------------------------------------------------------------------------------------------

  /** `out`, here and below, takes the result in place of a new vector; it may be an operand. */
  add(x: Vec, y: Vec, out?: Vec): Vec {
    return this.#batch.elementwise('add', x, y, out)
  }

  sub(x: Vec, y: Vec, out?: Vec): Vec {
    return this.#batch.elementwise('sub', x, y, out)
  }

  neg(x: Vec): Vec {
    return this.#batch.elementwise('sub', this.zeros(1), x)
  }

  /** Element by element; an operand of one element is used for all. */
  mul(x: Vec, y: Vec, out?: Vec): Vec {
    return this.#batch.elementwise('mul', x, y, out)
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
  mulAdd2(x: Vec, u: Vec, y: Vec, v: Vec, out?: Vec): Vec {
    return this.#batch.mulAdd2(x, u, y, v, out)
  }

  /** Sum of coefficients[j] * vectors[j]. */
  combine(coefficients: readonly Vec[], vectors: readonly Vec[]): Vec {
    if (coefficients.length !== vectors.length || vectors.length === 0) {
      throw shapeError('combine', 'A combination needs one coefficient for each vector.')
    }
    if (vectors.length === 1) return this.mul(vectors[0]!, coefficients[0]!)
    if (vectors.length === 2) return this.mulAdd2(vectors[0]!, coefficients[0]!, vectors[1]!, coefficients[1]!)
    return matrix.combine(this.#batch, coefficients, vectors)
  }

  /**
   * Product of a (rows x inner) and b (inner x columns), both row by row. With `repeatA` (one row only), `a` is the head of a
   * row in which all elements are equal.
   */
  matmul(a: Vec, b: Vec, rows: number, inner: number, columns: number, repeatA = false): Vec {
    return matrix.matmul(this.#batch, a, b, { rows, inner, columns, repeatA })
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
    return x.length % this.limbs === 0 && this.#batch.valid(x)
  }

  /** `count` uniform elements; everyone who holds the key of the stream draws the same. */
  sample(count: number, next: Stream, out?: Vec): Vec {
    return sample(this.#batch, count, next, out)
  }

  /** `count` plain values below 2^bits from a key stream, as plain words. `bits` is below the bits of p. */
  sampleRaw(count: number, bits: number, next: Stream): Vec {
    return sampleRaw(this.#batch, count, bits, next)
  }

  /** The same as elements. */
  sampleBits(count: number, bits: number, next: Stream): Vec {
    return this.fromRaw(this.sampleRaw(count, bits, next))
  }

  /** The wire form: a view, not a copy. */
  toBytes(x: Vec): Uint8Array<ArrayBuffer> {
    return vec.toBytes(x)
  }

  /** `bytes` must hold whole elements; check them with `valid`. Copies only if the bytes are not aligned. */
  fromBytes(bytes: Uint8Array): Vec {
    return vec.fromBytes(bytes, this.bytes)
  }
}
