import { shapeError } from '../errors.ts'

/**
 * A vector of field elements: `field.limbs` words each, in the field's own form. Only a `Field` reads or writes the words.
 * On the wire a vector is its words, little endian.
 */
export type Vec = Uint32Array<ArrayBuffer>

const SLAB_WORDS = 16_384
/** Up to this size vectors of more than a few words are cut from slabs: a buffer of its own costs ten times as much to make and to collect. */
const SMALL_WORDS = 2048
let slab = new Uint32Array(0)
let used = 0

/** A vector of zeros. A small one keeps its slab of 64 KiB alive, so its `buffer` is more than itself. */
export function zeros(words: number): Vec {
  // typed arrays of up to 64 bytes lie on the heap
  if (words <= 16 || words > SMALL_WORDS) return new Uint32Array(words)
  if (used + words > slab.length) {
    slab = new Uint32Array(SLAB_WORDS)
    used = 0
  }
  const out = new Uint32Array(slab.buffer, 4 * used, words)
  used += words
  return out
}

/** Moves of whole elements of `limbs` words, for `Field`: none of them looks at a value. */
export function concat(parts: readonly Vec[]): Vec {
  const out = zeros(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function gather(x: Vec, indices: ArrayLike<number>, limbs: number): Vec {
  const out = zeros(indices.length * limbs)
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * limbs
    for (let l = 0; l < limbs; l++) out[i * limbs + l] = x[from + l]!
  }
  return out
}

export function transpose(x: Vec, rows: number, columns: number, limbs: number): Vec {
  const indices = new Uint32Array(rows * columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) indices[j * rows + i] = i * columns + j
  return gather(x, indices, limbs)
}

export function fill(element: Vec, count: number): Vec {
  const out = zeros(count * element.length)
  for (let i = 0; i < count; i++) out.set(element, i * element.length)
  return out
}

/** The wire form: a view, not a copy. */
export const toBytes = (x: Vec): Uint8Array<ArrayBuffer> => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)

/** Copies only if the bytes are not aligned. */
export function fromBytes(bytes: Uint8Array, elementBytes: number): Vec {
  if (bytes.byteLength % elementBytes !== 0) throw shapeError('fromBytes', 'Not a whole number of field elements.')
  if (bytes.byteOffset % 4 === 0 && bytes.buffer instanceof ArrayBuffer) {
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  }
  return new Uint32Array(bytes.slice().buffer)
}
