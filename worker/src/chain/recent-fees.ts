import type { Fees, TxWire } from './tx-wire.ts'

/** What was asked for so few heads ago holds: the base fee rises by an eighth a block at most, and twice of it is offered. */
const HOLD_HEADS = 2
const HOLD_MS = 30_000

/** The fees of the next transaction, asked for beforehand, so that a receipt that is ready does not wait for them. */
export class RecentFees {
  readonly #wire: Pick<TxWire, 'fees'>
  #head = 0
  #known: { readonly fees: Fees; readonly head: number; readonly atMs: number } | null = null

  constructor(wire: Pick<TxWire, 'fees'>) {
    this.#wire = wire
  }

  onHead(head: number): void {
    this.#head = head
  }

  async renew(): Promise<Fees> {
    const head = this.#head
    const fees = await this.#wire.fees()
    this.#known = { fees, head, atMs: performance.now() }
    return fees
  }

  async get(): Promise<Fees> {
    const known = this.#known
    if (!known || Math.abs(this.#head - known.head) > HOLD_HEADS) return this.renew()
    return performance.now() - known.atMs < HOLD_MS ? known.fees : this.renew()
  }
}
