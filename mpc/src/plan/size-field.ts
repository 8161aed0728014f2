import { Field, type Vec } from '../field/field.ts'
import { shapeError } from '../errors.ts'

/**
 * A field in which every result is 0: vectors have their lengths and nothing is computed. Programs that run on it show which operations
 * they come to and with what bounds (`rehearse`), at next to no cost.
 */
export class SizeField extends Field {
  readonly #one: Vec
  static readonly #known = new WeakMap<Field, SizeField>()

  static like(field: Field): SizeField {
    let found = SizeField.#known.get(field)
    if (!found) SizeField.#known.set(field, (found = new SizeField(field.p, field)))
    return found
  }

  private constructor(p: bigint, like: Field) {
    super(p, like)
    this.#one = new Uint32Array(this.limbs)
  }

  #result(count: number, out?: Vec): Vec {
    if (out && out.length !== count * this.limbs)
      throw shapeError('out', 'The vector for the result has another length.')
    return out ?? this.zeros(count)
  }

  #either(what: string, x: Vec, y: Vec, out?: Vec): Vec {
    const [a, b] = [this.length(x), this.length(y)]
    if (a !== b && a !== 1 && b !== 1) throw shapeError(what, `${what}: the vectors differ in length.`)
    return this.#result(a === 1 ? b : a, out)
  }

  override from(values: readonly bigint[]): Vec {
    return this.zeros(values.length)
  }

  override constant(_: bigint): Vec {
    return this.#one
  }

  override fromIntegers(values: ArrayLike<number>): Vec {
    return this.zeros(values.length)
  }

  override toBigints(x: Vec): bigint[] {
    return Array<bigint>(this.length(x)).fill(0n)
  }

  override gather(_: Vec, indices: ArrayLike<number>): Vec {
    return this.zeros(indices.length)
  }

  override transpose(_: Vec, rows: number, columns: number): Vec {
    return this.zeros(rows * columns)
  }

  override concat(parts: readonly Vec[]): Vec {
    return this.zeros(parts.reduce((sum, part) => sum + this.length(part), 0))
  }

  override fill(_: Vec, count: number): Vec {
    return this.zeros(count)
  }

  override add(x: Vec, y: Vec, out?: Vec): Vec {
    return this.#either('add', x, y, out)
  }

  override sub(x: Vec, y: Vec, out?: Vec): Vec {
    return this.#either('sub', x, y, out)
  }

  override neg(x: Vec): Vec {
    return this.zeros(this.length(x))
  }

  override mul(x: Vec, y: Vec, out?: Vec): Vec {
    return this.#either('mul', x, y, out)
  }

  override mulAdd2(x: Vec, _u: Vec, _y: Vec, _v: Vec, out?: Vec): Vec {
    return this.#result(this.length(x), out)
  }

  override combine(_: readonly Vec[], vectors: readonly Vec[]): Vec {
    return this.zeros(this.length(vectors[0]!))
  }

  override matmul(_a: Vec, _b: Vec, rows: number, _inner: number, columns: number): Vec {
    return this.zeros(rows * columns)
  }

  override inverse(x: Vec): Vec {
    return this.zeros(this.length(x))
  }
}
