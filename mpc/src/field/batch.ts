import { shapeError } from '../errors.ts'
import { compileKernel, SCRATCH_PAGES, type Kernel } from './kernel.ts'
import { toLimbs, type FieldForm } from './prime.ts'
import { zeros, type Vec } from './vec.ts'

export const SCRATCH_BYTES = SCRATCH_PAGES * 65536
/** Elements of one kernel call: operands of this size stay in the second-level cache. */
export const CHUNK = 2048

/** The kernels of one prime with the small memory through which vectors are copied, and the loops over blocks of vectors. */
export class Batch {
  readonly form: FieldForm
  readonly bytes: number
  readonly limbs: number
  readonly kernel: Kernel
  readonly words: Uint32Array

  constructor(form: FieldForm) {
    const { kernel, memory } = compileKernel(form)
    this.form = form
    this.limbs = form.limbs
    this.bytes = 4 * form.limbs
    this.kernel = kernel
    this.words = new Uint32Array(memory.buffer)
  }

  /** Element by element; an operand of one element is used for all. */
  elementwise(name: 'add' | 'sub' | 'mul', x: Vec, y: Vec, target?: Vec): Vec {
    const { limbs, bytes, kernel, words } = this
    const repeatX = x.length === limbs && y.length !== limbs
    const repeatY = y.length === limbs && x.length !== limbs
    if (x.length !== y.length && !repeatX && !repeatY) throw shapeError(name, `${name}: the vectors differ in length.`)
    const count = Math.floor((repeatX ? y.length : x.length) / limbs)
    const out = this.target(count, target)
    const area = CHUNK * bytes
    if (repeatX) words.set(x, 0)
    if (repeatY) words.set(y, area / 4)
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at)
      if (!repeatX) this.load(0, x, at, n)
      if (!repeatY) this.load(area, y, at, n)
      kernel[name](2 * area, 0, area, n, repeatX ? 0 : bytes, repeatY ? 0 : bytes)
      this.store(2 * area, out, at, n)
    }
    return out
  }

  /** x*u + y*v; u and v may be single elements. */
  mulAdd2(x: Vec, u: Vec, y: Vec, v: Vec, target?: Vec): Vec {
    const { limbs, bytes } = this
    const count = x.length / limbs
    const single = (w: Vec): boolean => w.length === limbs && count !== 1
    if (x.length !== y.length || [u, v].some(w => !single(w) && w.length !== x.length)) {
      throw shapeError('mulAdd2', 'The operands differ in length.')
    }
    const out = this.target(count, target)
    const area = CHUNK * bytes
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at)
      this.load(0, x, at, n)
      this.load(area, u, single(u) ? 0 : at, single(u) ? 1 : n)
      this.load(2 * area, y, at, n)
      this.load(3 * area, v, single(v) ? 0 : at, single(v) ? 1 : n)
      this.kernel.mul2(4 * area, 0, area, 2 * area, 3 * area, n, single(u) ? 0 : bytes, single(v) ? 0 : bytes)
      this.store(4 * area, out, at, n)
    }
    return out
  }

  /** Whether each element is below p and well formed. */
  valid(x: Vec): boolean {
    const count = x.length / this.limbs
    let good = 1
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at)
      this.load(0, x, at, n)
      good &= this.kernel.valid(0, n)
    }
    return good === 1
  }

  /** The lowest `bits` bits of plain words. */
  mask(raw: Vec, bits: number): Vec {
    const { bytes } = this
    const count = raw.length / this.limbs
    const out = this.target(count)
    this.words.set(toLimbs((1n << BigInt(bits)) - 1n, this.form), 0)
    for (let at = 0; at < count; at += CHUNK) {
      const n = Math.min(CHUNK, count - at)
      this.load(bytes, raw, at, n)
      this.kernel.mask(bytes, bytes, 0, n)
      this.store(bytes, out, at, n)
    }
    return out
  }

  target(count: number, given?: Vec): Vec {
    if (given && given.length !== count * this.limbs)
      throw shapeError('out', 'The vector for the result has another length.')
    return given ?? zeros(count * this.limbs)
  }

  load(byteOffset: number, x: Vec, from: number, count: number): void {
    this.words.set(x.subarray(from * this.limbs, (from + count) * this.limbs), byteOffset / 4)
  }

  store(byteOffset: number, out: Vec, from: number, count: number): void {
    const at = byteOffset / 4
    out.set(this.words.subarray(at, at + count * this.limbs), from * this.limbs)
  }
}
