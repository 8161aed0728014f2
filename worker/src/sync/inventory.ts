import { SyncKind, type Hash, type ScAddr } from '@enigma/protocol'
import type { ChainContract, ChainReader } from '../chain/reader.ts'
import type { ContentStore } from './interfaces.ts'
import { Need } from './needs.ts'

/** What of the chain's contents is on this node's disk. It remembers what it saw there, only to spare reads. */
export class Inventory {
  readonly #chain: Pick<ChainReader, 'contract' | 'contracts' | 'deltaHash'>
  readonly #store: Pick<ContentStore, 'hasDelta' | 'getBytecode'>
  /** Deltas 0 .. n-1 are here. */
  readonly #complete = new Map<ScAddr, number>()
  readonly #codes = new Set<Hash>()
  #era = {}

  constructor(
    chain: Pick<ChainReader, 'contract' | 'contracts' | 'deltaHash'>,
    store: Pick<ContentStore, 'hasDelta' | 'getBytecode'>
  ) {
    this.#chain = chain
    this.#store = store
  }

  /** After a rollback, or when something on disk turned out to be damaged. */
  forget(): void {
    this.#complete.clear()
    this.#codes.clear()
    this.#era = {}
  }

  /** A way to note what a fetch brought; it does nothing once `forget` was called in between. */
  noter(): (need: Need) => void {
    const era = this.#era
    return ({ kind, id, to }) => {
      if (era !== this.#era) return
      if (kind === SyncKind.bytecode) this.#codes.add(id)
      else this.#complete.set(id as string as ScAddr, to)
    }
  }

  /** Whether everything of the contract is here, as far as this was looked at. */
  holds({ scAddr, codeHash, deltaCount }: ChainContract): boolean {
    return this.#codes.has(codeHash) && (this.#complete.get(scAddr) ?? 0) >= deltaCount
  }

  async missingDeltas(scAddr: ScAddr, upToIndex: number): Promise<Need[]> {
    const era = this.#era
    let index = this.#complete.get(scAddr) ?? 0
    for (; index <= upToIndex; index++) {
      const deltaHash = this.#chain.deltaHash(scAddr, index)
      if (deltaHash === null || !(await this.#store.hasDelta(scAddr, index, deltaHash))) break
    }
    if (era === this.#era) this.#complete.set(scAddr, index)
    return index <= upToIndex ? [Need.deltas(scAddr, index, upToIndex + 1)] : []
  }

  async missingCode(codeHash: Hash, scAddr?: ScAddr): Promise<Need[]> {
    if (this.#codes.has(codeHash)) return []
    if (await this.#store.getBytecode(codeHash)) {
      this.#codes.add(codeHash)
      return []
    }
    const holder = scAddr ?? [...this.#chain.contracts()].find(c => c.codeHash === codeHash)?.scAddr
    return [Need.code(codeHash, holder ?? null)]
  }

  /** What is missing of these contracts: a code that several share once. A look during which the chain was reorganised is done again. */
  async missing(contracts: Iterable<ScAddr>): Promise<Need[]> {
    const asked = [...contracts]
    for (;;) {
      const era = this.#era
      const needs = await this.#look(asked)
      if (era === this.#era) return needs
    }
  }

  async #look(contracts: readonly ScAddr[]): Promise<Need[]> {
    const needs: Need[] = []
    const codes = new Set<Hash>()
    for (const scAddr of contracts) {
      const contract = this.#chain.contract(scAddr)
      if (!contract) continue // a reorg took it
      if (!codes.has(contract.codeHash)) needs.push(...(await this.missingCode(contract.codeHash, scAddr)))
      codes.add(contract.codeHash)
      needs.push(...(await this.missingDeltas(scAddr, contract.deltaCount - 1)))
    }
    return needs
  }
}
