import { fixedBytes, list, message, struct, uint, x25519Pair, type Codec, type X25519Pair } from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import type { Vault } from '../seal/vault.ts'

/** Epochs whose keys are held at once; far more than R9's retention ever needs. */
const MAX_EPOCHS = 64

interface StoredEpochKeys {
  readonly floor: number
  readonly keys: readonly { readonly epoch: number; readonly secret: Uint8Array }[]
}
const storedEpochKeys: Codec<StoredEpochKeys> = message<StoredEpochKeys>('EpochKeys', 1, {
  floor: uint,
  keys: list(
    struct<{ epoch: number; secret: Uint8Array }>('EpochKey', { epoch: uint, secret: fixedBytes(32) }),
    MAX_EPOCHS
  )
})

/** The encryption keys of a worker's enclave, one per epoch: random, sealed before anybody sees them, destroyed afterwards (R3, R9).
 * `make` and `forget` are called one at a time. */
export class EpochKeys {
  readonly #vault: Vault
  readonly #pairs: Map<number, X25519Pair>
  #floor: number

  /** @throws ENCLAVE_SEAL_* */
  constructor(vault: Vault) {
    this.#vault = vault
    const stored = vault.load('epoch-keys', storedEpochKeys)
    this.#floor = stored?.floor ?? 0
    this.#pairs = new Map(stored?.keys.map(({ epoch, secret }) => [epoch, x25519Pair(secret)]))
  }

  /** The key of an epoch, made and sealed if there is none. @throws ENCLAVE_EPOCH_OVER, ENCLAVE_SEAL_IO */
  async make(epoch: number): Promise<X25519Pair> {
    const held = this.#pairs.get(epoch)
    if (held) return held
    if (epoch < this.#floor) {
      throw enclaveError('ENCLAVE_EPOCH_OVER', `The keys of epochs before ${this.#floor} are destroyed.`)
    }
    const epochs = [...this.#pairs.keys()].sort((a, b) => a - b)
    if (epochs.length >= MAX_EPOCHS && epoch < epochs[0]!) {
      throw enclaveError('ENCLAVE_EPOCH_OVER', `Keys of ${MAX_EPOCHS} later epochs are held already.`)
    }
    const pair = x25519Pair()
    const next = new Map(this.#pairs).set(epoch, pair)
    if (next.size > MAX_EPOCHS) next.delete(epochs[0]!)
    await this.#save(this.#floor, next)
    this.#pairs.set(epoch, pair)
    if (this.#pairs.size > MAX_EPOCHS) this.#drop(epochs[0]!)
    return pair
  }

  get(epoch: number): X25519Pair | undefined {
    return this.#pairs.get(epoch)
  }

  /** Destroys the keys of all epochs below `before`. */
  async forget(before: number): Promise<void> {
    if (before <= this.#floor) return
    const over = [...this.#pairs.keys()].filter(epoch => epoch < before)
    await this.#save(before, new Map([...this.#pairs].filter(([epoch]) => epoch >= before)))
    this.#floor = before
    for (const epoch of over) this.#drop(epoch)
  }

  #drop(epoch: number): void {
    this.#pairs.get(epoch)?.privateKey.fill(0)
    this.#pairs.delete(epoch)
  }

  #save(floor: number, pairs: ReadonlyMap<number, X25519Pair>): Promise<void> {
    const keys = [...pairs].map(([epoch, { privateKey }]) => ({ epoch, secret: privateKey }))
    return this.#vault.store('epoch-keys', storedEpochKeys, { floor, keys })
  }
}
