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
    const part = (v: Vec, from: number, to: number): Vec => (field.length(v) === 1 ? v : field.slice(v, from, to))
    return (from: number, to: number): Vec => scaled(field.mul(part(form.x, from, to), part(form.y, from, to)))
  })
  return (from, to) => parts.map(part => part(from, to)).reduce((sum, value) => field.add(sum, value))
}
