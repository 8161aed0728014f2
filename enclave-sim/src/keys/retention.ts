import { SEATS, WINDOW_BLOCKS, type ChainView } from '@enigma/protocol'

/** Ended epochs that wait for the end of their retention; with the shortest epochs some four do. */
const MAX_WAITING = 64

/**
 * Says when the encryption keys of an ended epoch are of no more use (R9): end(e) + GRACE + G*W + CONF, judged by views alone.
 *
 * A view of epoch c gives `previousEnd` = end(c - 1) + GRACE: the last block in which any record of an epoch below c is accepted.
 */
export class Retention {
  readonly #confirmations: number
  readonly #waiting = new Map<number, number>() // epoch c -> last block in which keys of epochs below c are needed

  constructor(confirmations: number) {
    this.#confirmations = confirmations
  }

  /** Takes a view in; returns the epoch below which all keys may go, 0 if none. */
  after({ epoch, previousEnd, block }: ChainView): number {
    if (epoch > 1) this.#waiting.set(epoch, previousEnd + SEATS * WINDOW_BLOCKS + this.#confirmations)
    let over = 0
    for (const [below, lastBlock] of this.#waiting) {
      if (block <= lastBlock) continue
      over = Math.max(over, below)
      this.#waiting.delete(below)
    }
    while (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!)
    return over
  }
}
