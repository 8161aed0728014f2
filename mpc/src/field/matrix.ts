import { shapeError } from '../errors.ts'
import { CHUNK, SCRATCH_BYTES, type Batch } from './batch.ts'
import type { Vec } from './vec.ts'

/** Sum of coefficients[j] * vectors[j], for vectors of one length. */
export function combine(batch: Batch, coefficients: readonly Vec[], vectors: readonly Vec[]): Vec {
  const { bytes, limbs } = batch
  const [length, terms] = [vectors[0]!.length, vectors.length]
  if (vectors.some(vector => vector.length !== length)) throw shapeError('combine', 'The vectors differ in length.')
  const count = length / limbs
  const chunk = Math.min(CHUNK, Math.floor(SCRATCH_BYTES / bytes / (terms + 2)) - 1)
  const out = batch.target(count)
  const [base, result] = [terms * bytes, terms * bytes + terms * chunk * bytes]
  coefficients.forEach((coefficient, j) => batch.words.set(coefficient, j * limbs))
  for (let at = 0; at < count; at += chunk) {
    const n = Math.min(chunk, count - at)
    vectors.forEach((vector, j) => batch.load(base + j * chunk * bytes, vector, at, n))
    batch.kernel.matmul(result, 0, base, 1, terms, n, 0, bytes, chunk * bytes, bytes)
    batch.store(result, out, at, n)
  }
  return out
}

export interface MatrixShape {
  readonly rows: number
  readonly inner: number
  readonly columns: number
  /** `a` is the head of a row (the only one) in which all elements are equal. */
  readonly repeatA: boolean
}

/** Product of a (rows x inner) and b (inner x columns), block by block. */
export function matmul(batch: Batch, a: Vec, b: Vec, { rows, inner, columns, repeatA }: MatrixShape): Vec {
  const { bytes, limbs } = batch
  if ((!repeatA && a.length !== rows * inner * limbs) || b.length !== inner * columns * limbs) {
    throw shapeError('matmul', `The operands are not ${rows} x ${inner} and ${inner} x ${columns}.`)
  }
  const third = Math.floor(SCRATCH_BYTES / 3 / bytes)
  const innerBlock = Math.max(1, Math.min(inner, CHUNK))
  const columnBlock = Math.max(1, Math.min(columns, Math.floor(third / innerBlock)))
  const rowBlock = Math.max(1, Math.min(rows, Math.floor(third / Math.max(innerBlock, columnBlock))))
  const [baseB, baseOut] = [third * bytes, 2 * third * bytes]
  let out = batch.target(rows * columns)
  for (let l = 0; l < inner; l += innerBlock) {
    const depth = Math.min(innerBlock, inner - l)
    const partial = l === 0 ? out : batch.target(rows * columns)
    for (let j = 0; j < columns; j += columnBlock) {
      const width = Math.min(columnBlock, columns - j)
      if (width === columns) batch.load(baseB, b, l * columns, depth * columns)
      else for (let k = 0; k < depth; k++) batch.load(baseB + k * width * bytes, b, (l + k) * columns + j, width)
      for (let i = 0; i < rows; i += rowBlock) {
        const height = Math.min(rowBlock, rows - i)
        if (depth === inner && !repeatA) batch.load(0, a, i * inner, height * inner)
        else for (let r = 0; r < height; r++) batch.load(r * depth * bytes, a, repeatA ? 0 : (i + r) * inner + l, depth)
        batch.kernel.matmul(baseOut, 0, baseB, height, depth, width, depth * bytes, bytes, width * bytes, bytes)
        if (width === columns) batch.store(baseOut, partial, i * columns, height * columns)
        else
          for (let r = 0; r < height; r++)
            batch.store(baseOut + r * width * bytes, partial, (i + r) * columns + j, width)
      }
    }
    if (l > 0) out = batch.elementwise('add', out, partial)
  }
  return out
}
