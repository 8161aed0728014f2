import type { ChainView, ScAddr, StateKeyGrant } from '@enigma/protocol'
import { enclaveError } from '../errors.ts'

const MAX_CONTRACTS = 4096

interface Granted {
  readonly block: number // of the view it came with
  readonly byGeneration: ReadonlyMap<number, Uint8Array>
}

/** State keys that the principal granted, in memory only. The latest view that names a contract decides whether its key stays (R9). */
export class StateKeys {
  readonly #granted = new Map<ScAddr, Granted>()

  take(view: ChainView, grants: readonly StateKeyGrant[]): void {
    for (const { scAddr } of view.contracts) {
      const held = this.#granted.get(scAddr)
      if (held && held.block > view.block) continue
      this.#granted.delete(scAddr) // and to the end of the order, if it is granted again
      const own = grants.filter(grant => grant.scAddr === scAddr)
      if (own.length === 0) continue
      this.#granted.set(scAddr, { block: view.block, byGeneration: new Map(own.map(g => [g.generation, g.key])) })
    }
    while (this.#granted.size > MAX_CONTRACTS) this.#granted.delete(this.#granted.keys().next().value!)
  }

  has(scAddr: ScAddr): boolean {
    return this.#granted.has(scAddr)
  }

  /** @throws ENCLAVE_NO_STATE_KEY */
  get(scAddr: ScAddr, generation: number): Uint8Array {
    const key = this.#granted.get(scAddr)?.byGeneration.get(generation)
    if (key) return key
    throw enclaveError(
      'ENCLAVE_NO_STATE_KEY',
      `The principal granted no state key of generation ${generation} for this contract.`
    )
  }
}
