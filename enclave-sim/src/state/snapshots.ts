import { MAX_SNAPSHOT_BYTES, SNAPSHOT_PART_BYTES, type Hash, type ScAddr } from '@enigma/protocol'
import { enclaveError } from '../errors.ts'

/** Ciphertexts that wait to be read, one of a contract; the oldest go. */
const MAX_MADE_BYTES = 64 * 1024 * 1024
/** Contracts whose snapshots are being gathered at once: 48 MiB at most. */
const MAX_GATHERED = 8
const MAX_AGE_MS = 60_000

interface Made {
  readonly headHash: Hash
  readonly ciphertext: Uint8Array
}
interface Gathered {
  readonly headHash: Hash
  readonly bytes: Uint8Array
  length: number
  atMs: number // of the last part
}

/** Snapshots on their way out of this enclave and into it: ciphertexts, in parts, since none fits a message. */
export class Snapshots {
  readonly #now: () => number
  readonly #made = new Map<ScAddr, Made>() // oldest first
  #madeBytes = 0
  readonly #gathered = new Map<ScAddr, Gathered>()

  constructor(monotonicMs: () => number) {
    this.#now = monotonicMs
  }

  keep(scAddr: ScAddr, headHash: Hash, ciphertext: Uint8Array): void {
    this.#forget(scAddr)
    this.#made.set(scAddr, { headHash, ciphertext })
    this.#madeBytes += ciphertext.length
    while (this.#madeBytes > MAX_MADE_BYTES) this.#forget(this.#made.keys().next().value!)
  }

  /** @throws ENCLAVE_SNAPSHOT_UNKNOWN */
  part(scAddr: ScAddr, headHash: Hash, offset: number): Uint8Array {
    const made = this.#made.get(scAddr)
    if (!made || made.headHash !== headHash || offset >= made.ciphertext.length) {
      throw unknown('no snapshot of this head is kept, or it ends before')
    }
    return made.ciphertext.subarray(offset, offset + SNAPSHOT_PART_BYTES)
  }

  /** Parts come in order; offset 0 begins anew. @throws ENCLAVE_SNAPSHOT_REFUSED, ENCLAVE_FULL */
  gather(scAddr: ScAddr, headHash: Hash, total: number, offset: number, part: Uint8Array): void {
    this.#prune()
    if (total > MAX_SNAPSHOT_BYTES || offset + part.length > total) throw refused('it is longer than it may be')
    if (offset === 0) {
      this.#gathered.delete(scAddr)
      if (this.#gathered.size >= MAX_GATHERED) {
        throw enclaveError('ENCLAVE_FULL', `${MAX_GATHERED} snapshots are being gathered already.`)
      }
      this.#gathered.set(scAddr, { headHash, bytes: new Uint8Array(total), length: 0, atMs: 0 })
    }
    const into = this.#gathered.get(scAddr)
    if (!into || into.headHash !== headHash || into.bytes.length !== total || into.length !== offset) {
      throw refused('its parts do not follow each other; begin again at 0')
    }
    into.bytes.set(part, offset)
    into.length += part.length
    into.atMs = this.#now()
  }

  /** The whole ciphertext, once. @throws ENCLAVE_SNAPSHOT_UNKNOWN */
  take(scAddr: ScAddr, headHash: Hash): Uint8Array {
    this.#prune()
    const whole = this.#gathered.get(scAddr)
    if (!whole || whole.headHash !== headHash || whole.length < whole.bytes.length) {
      throw unknown('its parts have not come, or are older than a minute')
    }
    this.#gathered.delete(scAddr)
    return whole.bytes
  }

  #forget(scAddr: ScAddr): void {
    this.#madeBytes -= this.#made.get(scAddr)?.ciphertext.length ?? 0
    this.#made.delete(scAddr)
  }

  #prune(): void {
    const oldest = this.#now() - MAX_AGE_MS
    for (const [scAddr, { atMs }] of this.#gathered) if (atMs < oldest) this.#gathered.delete(scAddr)
  }
}

const unknown = (why: string) => enclaveError('ENCLAVE_SNAPSHOT_UNKNOWN', `There is no such snapshot: ${why}.`)
export const refused = (why: string, cause?: unknown) =>
  enclaveError('ENCLAVE_SNAPSHOT_REFUSED', `The snapshot was refused: ${why}.`, cause)
