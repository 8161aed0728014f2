import {
  MAX_GENERATIONS,
  epochSeedOf,
  maybe,
  message,
  seedCommitOf,
  struct,
  toHex,
  u32,
  uint,
  type Codec,
  type Domain,
  type Hash
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import type { Vault } from '../seal/vault.ts'

interface StoredSeeds {
  readonly highest: { readonly d: number } | null // null: none was released
  readonly generation: number // of the state keys; never falls
}
const storedSeeds: Codec<StoredSeeds> = message<StoredSeeds>('Seeds', 1, {
  highest: maybe(struct<{ d: number }>('Highest', { d: uint })),
  generation: u32
})

/** Where another enclave of the same principal stands. */
export function storeSeeds(vault: Vault, { highest, generation }: StoredSeeds): Promise<void> {
  return vault.store('seeds', storedSeeds, { highest, generation })
}

/** The secrets of the epochs, one after the other: nobody can ask ahead of the next one (R1). */
export class Seeds {
  readonly #vault: Vault
  readonly #root: Uint8Array
  readonly #domain: Domain
  readonly #stored: { highest: number; generation: number }

  /** @throws ENCLAVE_SEAL_* */
  constructor(vault: Vault, root: Uint8Array, domain: Domain) {
    this.#vault = vault
    this.#root = root
    this.#domain = domain
    const stored = vault.load('seeds', storedSeeds)
    this.#stored = { highest: stored?.highest?.d ?? -1, generation: stored?.generation ?? 0 }
  }

  /** The number of the last seed released; -1: none was. */
  get highest(): number {
    return this.#stored.highest
  }

  get generation(): number {
    return this.#stored.generation
  }

  /** Seed d and the commitment to the next. That d is released is on disk before it is returned. Called one at a time. @throws ENCLAVE_SEED_ORDER */
  async release(d: number): Promise<{ seed: Hash; nextCommit: Hash }> {
    const next = this.#stored.highest + 1
    if (d > next) {
      throw enclaveError('ENCLAVE_SEED_ORDER', `Seed ${d} is not due: the next one is ${next}.`)
    }
    if (d === next) {
      await this.#vault.store('seeds', storedSeeds, { highest: { d }, generation: this.generation })
      this.#stored.highest = d
    }
    return { seed: toHex(this.#seed(d)) as Hash, nextCommit: seedCommitOf(this.#seed(d + 1)) }
  }

  /** The number of the next generation, which is on disk before it is returned. Called one at a time. @throws ENCLAVE_FULL */
  async rotate(): Promise<number> {
    const generation = this.generation + 1
    if (generation >= MAX_GENERATIONS) {
      throw enclaveError('ENCLAVE_FULL', `A network has at most ${MAX_GENERATIONS} generations of state keys.`)
    }
    const { highest } = this.#stored
    await this.#vault.store('seeds', storedSeeds, { highest: highest < 0 ? null : { d: highest }, generation })
    this.#stored.generation = generation
    return generation
  }

  #seed(d: number): Uint8Array {
    return epochSeedOf(this.#root, this.#domain.chainId, this.#domain.enigma, d)
  }
}
