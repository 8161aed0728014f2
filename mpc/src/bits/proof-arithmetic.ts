import { BIT_CHUNKS, compileProofKernel } from './proof-kernel.ts'
import type { Words } from './rows.ts'

/** Two repetitions of a vector modulo 2^61 - 1. */
export type Pair = readonly [BigUint64Array<ArrayBuffer>, BigUint64Array<ArrayBuffer>]

/** Draws the next bytes of a key stream. */
export type Draw = (bytes: number) => Uint8Array

/** The three planes of one side of a statement. */
export interface Side {
  readonly a: Words
  readonly b: Words
  readonly e: Words
}

const MODULUS = (1n << 61n) - 1n
const BETA_MASK = (1n << 56n) - 1n
const { kernel, proofMemory } = compileProofKernel()

const pair = (make: (rep: 0 | 1) => BigUint64Array<ArrayBuffer>): Pair => [make(0), make(1)]

/** Numbers below 2^bits (61 or 56), as many for each repetition. */
function draw(stream: Draw, count: number, mask: bigint): BigUint64Array<ArrayBuffer> {
  const bytes = stream(8 * count)
  const out = new BigUint64Array(count)
  new Uint8Array(out.buffer).set(bytes)
  const words = new Uint32Array(out.buffer)
  const high = Number(mask >> 32n)
  for (let i = 1; i < words.length; i += 2) words[i] = words[i]! & high
  return out
}

export const uniform = (stream: Draw, count: number): Pair => pair(() => draw(stream, count, MODULUS))

/** Weights of gate columns, both repetitions alternating. */
export const columnWeights = (stream: Draw, columns: number): BigUint64Array<ArrayBuffer> =>
  draw(stream, 2 * columns, BETA_MASK)

/** Lays arrays one after the other into the kernels' memory and hands out where they are. */
class Desk {
  #at = 0
  #buffer: ArrayBuffer

  constructor(bytes: number) {
    this.#buffer = proofMemory(bytes + 1024)
  }

  space(bytes: number): number {
    const at = this.#at
    this.#at += (bytes + 15) & ~15
    return at
  }

  put(array: Words | BigUint64Array): number {
    const at = this.space(array.byteLength)
    new Uint8Array(this.#buffer, at, array.byteLength).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    )
    return at
  }

  take(at: number, count: number): BigUint64Array<ArrayBuffer> {
    return new BigUint64Array(this.#buffer, at, count).slice()
  }

  /** Nothing secret stays behind. */
  clear(): void {
    new Uint8Array(this.#buffer, 0, this.#at).fill(0)
  }
}

/** Words of one chunk: a plane of `words` words is cut into BIT_CHUNKS. */
export const chunkWords = (words: number): number => Math.ceil(words / BIT_CHUNKS)

const padded = (plane: Words, words: number): Words => {
  if (plane.length === words) return plane
  const out = new Uint32Array(words)
  out.set(plane)
  return out
}

/**
 * For each pair (j, k) of chunks and each repetition: sum over columns of beta (-1)^z, with z = 1 where the left side of a gate
 * in chunk j and the right side of the one in chunk k disagree. BIT_CHUNKS^2 elements, row by row.
 */
export function crossSums(left: Side, right: Side, beta: BigUint64Array): Pair {
  const chunk = chunkWords(left.a.length)
  const words = chunk * BIT_CHUNKS
  const desk = new Desk(6 * (4 * words + 16) + 8 * beta.length)
  const [a, b, e2, a2, b2, e1] = [left.a, left.b, left.e, right.a, right.b, right.e].map(plane =>
    desk.put(padded(plane, words))
  ) as [number, number, number, number, number, number]
  const weights = desk.put(beta)
  const out = desk.space(16 * BIT_CHUNKS ** 2)
  // a block of columns at a time, whose weights stay in the first-level cache
  const block = 32
  for (let at = 0; at < chunk; at += block) {
    const here = Math.min(block, chunk - at)
    for (let j = 0; j < BIT_CHUNKS; j++) {
      for (let k = 0; k < BIT_CHUNKS; k++) {
        const [l, r] = [4 * (j * chunk + at), 4 * (k * chunk + at)]
        const place = out + 16 * (j * BIT_CHUNKS + k)
        kernel.cross(place, weights + 512 * at, a + l, b + l, e2 + l, a2 + r, b2 + r, e1 + r, here)
      }
    }
  }
  const found = desk.take(out, 2 * BIT_CHUNKS ** 2)
  desk.clear()
  // sum of beta (-1)^z = total - 2 sum of beta z
  const total = sumWeights(beta)
  const take = pair(rep => found.filter((_, i) => i % 2 === rep))
  const all = pair(rep => new BigUint64Array(BIT_CHUNKS ** 2).fill(total[rep][0]!))
  return minus(minus(all, take), take)
}

/** Both repetitions of the sum of column weights. */
export function sumWeights(beta: BigUint64Array): Pair {
  const desk = new Desk(8 * beta.length + 16)
  const [weights, out] = [desk.put(beta), desk.space(16)]
  kernel.total(out, weights, beta.length / 2)
  const total = desk.take(out, 2)
  desk.clear()
  return pair(rep => total.slice(rep, rep + 1))
}

/**
 * One side's bits as vectors of 4 elements a column, its chunks joined by `coefficients`; with `beta` the left side, else the
 * right one. Their inner product is the sum over (j, k) of c_j c'_k times the element of `crossSums`.
 */
export function foldBits(side: Side, coefficients: Pair, beta: BigUint64Array | null): Pair {
  const chunk = chunkWords(side.a.length)
  const words = chunk * BIT_CHUNKS
  const count = 4 * 32 * chunk
  const desk = new Desk(3 * (4 * words + 16) + 16 * count + 8 * (beta?.length ?? 0) + 1024)
  // a gate multiplies a of the left with b of the right
  const planes = beta ? [side.a, side.b, side.e] : [side.b, side.a, side.e]
  const [a, b, e] = planes.map(plane => desk.put(padded(plane, words))) as [number, number, number]
  const table = new BigUint64Array(4 * BIT_CHUNKS)
  for (let j = 0; j < BIT_CHUNKS; j++) {
    coefficients.forEach((values, rep) => {
      const c = values[j]!
      table[4 * j + 2 * rep] = c
      table[4 * j + 2 * rep + 1] = c ^ (MODULUS - c)
    })
  }
  const constants = desk.put(table)
  const weights = beta ? desk.put(beta) : 0
  const outs = [desk.space(8 * count), desk.space(8 * count)] as const
  kernel[beta ? 'foldLeft' : 'foldRight'](outs[0], outs[1], weights, a, b, e, 4 * chunk, chunk, constants)
  const result = pair(rep => desk.take(outs[rep], count))
  desk.clear()
  return result
}

/** All inner products of `parts` pieces of u with as many of v: parts^2 elements, row by row. */
export function pieceProducts(u: Pair, v: Pair, parts: number): Pair {
  const length = u[0].length / parts
  return pair(rep => {
    const desk = new Desk(16 * u[rep].length + 8 * parts ** 2)
    const [left, right] = [desk.put(u[rep]), desk.put(v[rep])]
    const out = desk.space(8 * parts ** 2)
    for (let j = 0; j < parts; j++) {
      for (let k = 0; k < parts; k++) {
        kernel.dot(out + 8 * (j * parts + k), left + 8 * j * length, right + 8 * k * length, length)
      }
    }
    const result = desk.take(out, parts ** 2)
    desk.clear()
    return result
  })
}

/** sum over pieces j of coefficients_j times piece j. */
export function foldPieces(u: Pair, coefficients: Pair): Pair {
  return pair(rep => {
    const parts = coefficients[rep].length
    const length = u[rep].length / parts
    const desk = new Desk(8 * u[rep].length + 8 * length + 8 * parts)
    const source = desk.put(u[rep])
    const constants = desk.put(coefficients[rep])
    const out = desk.space(8 * length)
    kernel.fold(out, source, length, parts, 8 * length, constants)
    const result = desk.take(out, length)
    desk.clear()
    return result
  })
}

function each(name: 'add' | 'sub', x: Pair, y: Pair): Pair {
  return pair(rep => {
    const desk = new Desk(24 * x[rep].length)
    const [a, b] = [desk.put(x[rep]), desk.put(y[rep])]
    const out = desk.space(8 * x[rep].length)
    kernel[name](out, a, b, x[rep].length)
    const result = desk.take(out, x[rep].length)
    desk.clear()
    return result
  })
}

export const plus = (x: Pair, y: Pair): Pair => each('add', x, y)
export const minus = (x: Pair, y: Pair): Pair => each('sub', x, y)

/** Vectors brought to a whole number of pieces, with zeros. */
export function padTo(u: Pair, multiple: number): Pair {
  const length = Math.ceil(u[0].length / multiple) * multiple
  if (length === u[0].length) return u
  return pair(rep => {
    const out = new BigUint64Array(length)
    out.set(u[rep])
    return out
  })
}

export const appendTo = (u: Pair, last: Pair): Pair =>
  pair(rep => {
    const out = new BigUint64Array(u[rep].length + 1)
    out.set(u[rep])
    out[u[rep].length] = last[rep][0]!
    return out
  })

/** Whether x y = h in both repetitions. */
export const isProduct = (x: Pair, y: Pair, h: Pair): boolean =>
  [0, 1].every(rep => (x[rep]![0]! * y[rep]![0]! - h[rep]![0]!) % MODULUS === 0n)

export const toBytes = (u: Pair): Uint8Array => {
  const out = new Uint8Array(2 * u[0].byteLength)
  u.forEach((values, rep) =>
    out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), rep * values.byteLength)
  )
  return out
}

/** What another party sent: words are masked to 61 bits, so nothing overflows. */
export function fromBytes(bytes: Uint8Array): Pair {
  const half = bytes.length / 2
  return pair(rep => draw(() => bytes.subarray(rep * half, (rep + 1) * half), half / 8, MODULUS))
}
