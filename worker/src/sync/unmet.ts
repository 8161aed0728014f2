import { SyncKind, type ScAddr } from '@enigma/protocol'
import type { Need } from './needs.ts'

/** What of a contract several rounds of asking everybody have not brought. */
export interface Unmet {
  readonly scAddr: ScAddr
  /** The first delta that is missing, and how many from there on. None: the bytecode alone is. */
  readonly first: number
  readonly count: number
  readonly bytecode: boolean // missing as well
  /** Rounds, and the time since the first of them, in which this same content did not come. */
  readonly rounds: number
  readonly sinceMs: number // performance.now()
  /** Workers that were connected after the last round, and how many of them had said that they lack the first. */
  readonly connected: number
  readonly lackedBy: number
}

/** Remembers over the rounds what nobody gave. */
export class UnmetNeeds {
  readonly #byContract = new Map<ScAddr, Unmet>()

  /** After a rollback other contents are missing. */
  forget(): void {
    this.#byContract.clear()
  }

  list(): readonly Unmet[] {
    return [...this.#byContract.values()]
  }

  /**
   * The outcome of one round.
   *
   * @param missing contracts that are incomplete still; the others leave the book
   * @param workers peer ids of those that are connected
   */
  note(
    missing: ReadonlySet<ScAddr>,
    needs: readonly Need[],
    workers: readonly string[],
    now = performance.now()
  ): void {
    for (const scAddr of [...this.#byContract.keys()]) if (!missing.has(scAddr)) this.#byContract.delete(scAddr)
    for (const scAddr of missing) {
      const own = needs.filter(need => need.scAddr === scAddr && !need.done)
      const deltas = own.find(need => need.kind === SyncKind.deltas)
      const code = own.find(need => need.kind === SyncKind.bytecode)
      const need = deltas ?? code
      if (!need) continue // named by the chain during the round
      const first = deltas?.next ?? 0
      const before = this.#byContract.get(scAddr)
      const same = before?.first === first && before.count > 0 === (deltas !== undefined) ? before : undefined
      this.#byContract.set(scAddr, {
        scAddr,
        first,
        count: deltas ? deltas.to - deltas.next : 0,
        bytecode: code !== undefined,
        rounds: (same?.rounds ?? 0) + 1,
        sinceMs: same?.sinceMs ?? now,
        connected: workers.length,
        lackedBy: workers.filter(peerId => need.lacking.has(peerId)).length
      })
    }
  }
}
