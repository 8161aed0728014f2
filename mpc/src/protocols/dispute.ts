import type { Field, Vec } from '../field/field.ts'
import { reconstruct } from '../sharing/robust.ts'
import { pointOf, type Row, type Shamir } from '../sharing/shamir.ts'

/** Whom a failed check points at: nobody, one node that is corrupt, or two of whom at least one is. */
export type Found = readonly number[]

/** What everybody knows of a dispute: who takes part, who dealt products, and how many sign dealers answer for themselves. */
export interface Frame {
  readonly shamir: Shamir
  readonly present: readonly number[]
  readonly dealers: readonly number[]
  readonly weights: readonly bigint[] // of the dealers: the result is the weighed sum of what they deal
  readonly signers: readonly number[]
}

/**
 * What one node says of a failed check. Every element is a random combination, masked by dealings made for it, so it says nothing of
 * any operand or result; no message of the failed batch is in it.
 */
export interface View {
  /** Its own row of the opening that failed, and the rows it received there, by node. */
  readonly own: Vec
  readonly received: readonly Vec[]
  /** 1 for each node that, as all agreed, said the check had failed. */
  readonly accusers: Vec
  /** Its row of the second check, and of the sums of squares of each sign dealer; what those should be. */
  readonly triple: Vec
  readonly squares: Vec
  readonly expected: Vec
  /** Its shares of the parts of each dealer, and of the combined dealings of each node. */
  readonly parts: readonly Vec[]
  readonly dealings: readonly Vec[]
  /** What it itself dealt: the same two polynomials at all n points. Zeros if it did not deal. */
  readonly dealtPart: Vec
  readonly dealtAll: Vec
}

const NO_SHARES = 3

/** One vector for the wire. The length follows from the frame. */
export function encodeView(field: Field, view: View): Vec {
  const { own, received, accusers, triple, squares, expected, parts, dealings, dealtPart, dealtAll } = view
  return field.concat([
    own,
    ...received,
    accusers,
    triple,
    squares,
    expected,
    ...parts,
    ...dealings,
    dealtPart,
    dealtAll
  ])
}

export const viewLength = ({ shamir: { n }, dealers, signers }: Frame): number =>
  2 * NO_SHARES + n * NO_SHARES + n + 2 * signers.length + dealers.length + n + 2 * n

export function decodeView(frame: Frame, vector: Vec): View {
  const { field, n } = frame.shamir
  let at = 0
  const next = (count: number): Vec => field.slice(vector, at, (at += count))
  const each = (count: number, size: number): Vec[] => Array.from({ length: count }, () => next(size))
  return {
    own: next(NO_SHARES),
    received: each(n, NO_SHARES),
    accusers: next(n),
    triple: next(NO_SHARES),
    squares: next(frame.signers.length),
    expected: next(frame.signers.length),
    parts: each(frame.dealers.length, 1),
    dealings: each(n, 1),
    dealtPart: next(n),
    dealtAll: next(n)
  }
}

const same = (a: Vec, b: Vec): boolean => a.every((word, i) => word === b[i])

/**
 * Names a corrupt node, or a pair of which one is, from the views of all nodes that take part. A function of the views alone, so
 * whoever has them, signed, comes to the same answer: the validator, or each node for itself.
 *
 * Two honest nodes never contradict each other, and an honest node never contradicts itself; so whoever is named deserves it if
 * the views are what the nodes said. In this order: rows that were sent and received; dealings that were made and received
 * (from here on honest nodes hold one polynomial of each); rows against parts; operands; parts against operands; signs.
 */
export function judge(frame: Frame, views: ReadonlyMap<number, View>): Found {
  const { shamir, present, dealers, weights, signers } = frame
  const { field, t } = shamir
  const at = (node: number): View => views.get(node)!
  const isPolynomial = (v: Vec): boolean =>
    shamir.consistent(
      field.split(v).map((shares, index) => ({ index, shares })),
      t
    )
  const pairOf = (a: number, b: number): Found => [a, b].sort((x, y) => x - y)

  for (const a of present) for (const b of present) if (!same(at(b).received[a]!, at(a).own)) return pairOf(a, b)

  for (const dealer of present) {
    if (!isPolynomial(at(dealer).dealtAll)) return [dealer]
    if (dealers.includes(dealer) && !isPolynomial(at(dealer).dealtPart)) return [dealer]
    for (const other of present) {
      const [all, part] = [at(dealer).dealtAll, at(dealer).dealtPart].map(v => field.slice(v, other, other + 1)) as [
        Vec,
        Vec
      ]
      if (!same(all, at(other).dealings[dealer]!)) return pairOf(dealer, other)
      const place = dealers.indexOf(dealer)
      if (place !== -1 && !same(part, at(other).parts[place]!)) return pairOf(dealer, other)
    }
  }

  const scaled = weights.map(weight => field.constant(weight))
  for (const node of present) {
    const { triple, parts } = at(node)
    if (!same(field.combine(scaled, parts), field.slice(triple, 2, 3))) return [node]
  }
  const rowsOf = (pick: (view: View) => Vec): Row[] => present.map(index => ({ index, shares: pick(at(index)) }))
  const corrected = (rows: readonly Row[]): { values: Vec; wrong: readonly number[] } | null => {
    try {
      return reconstruct(shamir, rows)
    } catch {
      return null
    }
  }
  for (const pick of [
    (view: View): Vec => view.own,
    (view: View): Vec => view.triple,
    (view: View): Vec => view.squares
  ]) {
    const found = corrected(rowsOf(pick))
    if (found === null) return []
    if (found.wrong.length > 0) return [found.wrong[0]!]
  }

  const rows = rowsOf(view => view.triple).slice(0, t + 1)
  for (const dealer of dealers) {
    const [f, g] = field.toBigints(shamir.interpolate(rows, pointOf(dealer))) as [bigint, bigint]
    const values = field.split(at(dealer).dealtPart).map((shares, index) => ({ index, shares }))
    const [d] = field.toBigints(shamir.interpolate(values.slice(0, t + 1)))
    if ((f * g) % field.p !== d) return [dealer]
  }
  const { values } = corrected(rowsOf(view => view.squares))!
  for (const [i, signer] of signers.entries()) {
    const wanted = field.slice(majority(present.map(node => at(node).expected)), i, i + 1)
    if (!same(field.slice(values, i, i + 1), wanted)) return [signer]
  }
  // nothing is wrong: whoever said that the check failed, made that up
  const accusers = field.toBigints(majority(present.map(node => at(node).accusers)))
  const crier = present.find(node => accusers[node] === 1n && checkPassed(frame, at(node)))
  return crier === undefined ? [] : [crier]
}

function checkPassed({ shamir, present }: Frame, { received }: View): boolean {
  const rows = present.map(index => ({ index, shares: received[index]! }))
  if (!shamir.consistent(rows, shamir.t)) return false
  const { field, t } = shamir
  const [f, g, h] = field.toBigints(shamir.interpolate(rows.slice(0, t + 1))) as [bigint, bigint, bigint]
  return (f * g) % field.p === h
}

/** What most nodes say. */
function majority(vectors: readonly Vec[]): Vec {
  return vectors.find(v => 2 * vectors.filter(other => same(v, other)).length > vectors.length) ?? vectors[0]!
}
