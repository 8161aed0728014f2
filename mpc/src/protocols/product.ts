import { shapeError } from '../errors.ts'
import type { Field, Vec } from '../field/field.ts'

/** One bilinear form of shared operands. `one` times a vector repeats a single element. */
export type Form =
  | { readonly kind: 'elements'; readonly x: Vec; readonly y: Vec }
  | {
      readonly kind: 'matrix'
      readonly x: Vec
      readonly y: Vec
      readonly rows: number
      readonly inner: number
      readonly columns: number
    }
  /** One behind the other. */
  | { readonly kind: 'joined'; readonly parts: readonly LocalProduct[] }

/** A sum of bilinear forms with public factors, not yet brought back to degree t. Computing it needs no communication. */
export interface LocalProduct {
  readonly count: number
  readonly terms: readonly { readonly factor: bigint; readonly form: Form }[]
}

export function elements(field: Field, x: Vec, y: Vec): LocalProduct {
  const [a, b] = [field.length(x), field.length(y)]
  if (a !== b && a !== 1 && b !== 1) throw shapeError('mul', `Vectors of ${a} and ${b} elements.`)
  return { count: a === 0 || b === 0 ? 0 : Math.max(a, b), terms: [{ factor: 1n, form: { kind: 'elements', x, y } }] }
}

export function matrix(field: Field, x: Vec, y: Vec, rows: number, inner: number, columns: number): LocalProduct {
  if (field.length(x) !== rows * inner || field.length(y) !== inner * columns) {
    throw shapeError('matmul', `The operands are not ${rows} x ${inner} and ${inner} x ${columns}.`)
  }
  return { count: rows * columns, terms: [{ factor: 1n, form: { kind: 'matrix', x, y, rows, inner, columns } }] }
}

/** Several products as one vector: one resharing brings all of them back to degree t. */
export const joined = (parts: readonly LocalProduct[]): LocalProduct => ({
  count: parts.reduce((sum, { count }) => sum + count, 0),
  terms: [{ factor: 1n, form: { kind: 'joined', parts } }]
})

/** factor_1 * a + factor_2 * b. */
export function sumOf(parts: readonly (readonly [bigint, LocalProduct])[]): LocalProduct {
  const count = parts[0]![1].count
  if (parts.some(([, part]) => part.count !== count)) throw shapeError('sum', 'The products differ in length.')
  return {
    count,
    terms: parts.flatMap(([factor, part]) =>
      part.terms.map(term => ({ factor: term.factor * factor, form: term.form }))
    )
  }
}

/** Evaluates a form on this party's shares (or on clear values): elements [from, to) of degree 2t. */
export function evaluator(field: Field, { terms }: LocalProduct): (from: number, to: number) => Vec {
  const parts = terms.map(({ factor, form }) => {
    const scaled = (v: Vec): Vec => (factor === 1n ? v : field.scale(v, factor))
    if (form.kind === 'matrix') {
      const whole = scaled(field.matmul(form.x, form.y, form.rows, form.inner, form.columns))
      return (from: number, to: number): Vec => field.slice(whole, from, to)
    }
    if (form.kind === 'joined') {
      const whole = inTurn(field, form.parts)
      return (from: number, to: number): Vec => scaled(whole(from, to))
    }
    const part = (v: Vec, from: number, to: number): Vec => (field.length(v) === 1 ? v : field.slice(v, from, to))
    return (from: number, to: number): Vec => scaled(field.mul(part(form.x, from, to), part(form.y, from, to)))
  })
  return (from, to) => parts.map(part => part(from, to)).reduce((sum, value) => field.add(sum, value))
}

/** Each of the parts is evaluated when its first element is asked for, and forgotten when the next one's is. */
function inTurn(field: Field, parts: readonly LocalProduct[]): (from: number, to: number) => Vec {
  let current = -1
  let evaluate: (from: number, to: number) => Vec
  return (from, to) => {
    const found: Vec[] = []
    let start = 0
    for (const [i, part] of parts.entries()) {
      const [begin, end] = [Math.max(from, start), Math.min(to, start + part.count)]
      if (begin < end) {
        if (current !== i) evaluate = evaluator(field, part)
        current = i
        found.push(evaluate!(begin - start, end - start))
      }
      start += part.count
    }
    return found.length === 1 ? found[0]! : field.concat(found)
  }
}
