import type { SharedBits } from '../bits/shared-bits.ts'
import type { Vec } from '../field/vec.ts'

/** What is made ahead: signs of random bits for comparisons (for three nodes shared both ways), masks for truncations by `shift`. */
export type Kind = 'bit-signs' | 'signs' | `truncation/${number}`

/** Material of one kind, in order; `vectors` have `count` elements each. Three nodes' bits fill whole words. */
export interface Batch {
  /** The same at all nodes: the number of the session that made it. */
  readonly number: number
  readonly kind: Kind
  readonly count: number
  readonly vectors: readonly Vec[]
  readonly bits?: SharedBits
}

/** Part of a batch, used by the one operation that took it. */
export interface Piece {
  /** Says which part it is. Enters the names of the messages, so nodes that took different parts never mix them. */
  readonly place: string
  readonly vectors: readonly Vec[]
  readonly bits?: SharedBits
}

/**
 * Material that one session has for itself alone. Each element is handed out once, in the order of the program; an operation that
 * needs more than is left of any batch makes its own.
 */
export class Stock {
  readonly #limbs: number
  readonly #batches: Batch[]
  readonly #used = new Map<Batch, number>()

  constructor(batches: readonly Batch[], limbs: number) {
    this.#batches = [...batches]
    this.#limbs = limbs
  }

  /** Elements left of a kind. */
  left(kind: Kind): number {
    return this.#batches
      .filter(batch => batch.kind === kind)
      .reduce((sum, batch) => sum + batch.count - (this.#used.get(batch) ?? 0), 0)
  }

  take(kind: Kind, count: number): Piece | null {
    const batch = this.#batches.find(each => each.kind === kind && each.count - (this.#used.get(each) ?? 0) >= count)
    if (!batch || count === 0) return null
    const from = this.#used.get(batch) ?? 0
    // bits are cut at whole words
    const end = batch.bits ? Math.min(batch.count, 32 * Math.ceil((from + count) / 32)) : from + count
    this.#used.set(batch, end)
    const vectors = batch.vectors.map(vector => vector.slice(from * this.#limbs, (from + count) * this.#limbs))
    for (const vector of batch.vectors) vector.fill(0, from * this.#limbs, end * this.#limbs)
    const place = `${kind}/${batch.number}/${from}`
    if (!batch.bits) return { place, vectors }
    const words = [from / 32, Math.ceil((from + count) / 32)] as const
    return {
      place,
      vectors,
      bits: { first: batch.bits.first.slice(...words), second: batch.bits.second.slice(...words) }
    }
  }
}
