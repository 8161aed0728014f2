import type { Address, Hash, ScAddr } from '@enigma/protocol'
import { RecentBytes } from '../ops/recent-bytes.ts'
import { bytesPart, jsonPart, type Database } from '../ops/database.ts'
import { WorkerError } from '../errors.ts'

/** What the store keeps beside an envelope's bytes. */
export interface EnvelopeEntry {
  readonly inputHash: Hash
  readonly sender: Address
  readonly scAddr: ScAddr
  readonly epoch: number
  readonly bytes: number // envelope, and bytecode of a deployment
  readonly recorded: boolean // its task is on chain: it no longer counts against a quota
}

/** R4: unrecorded envelopes of one client address, and of all together. */
export const MAX_UNRECORDED_PER_SENDER = 64
export const MAX_UNRECORDED_BYTES = 64 * 1024 * 1024

/** Of inputs that came last: most are run within seconds. */
const RECENT_BYTES = 4 * 1024 * 1024

/** Inputs that were delivered here, on disk before they are acknowledged. */
export class EnvelopeStore {
  readonly #db: Database
  readonly #recent = new RecentBytes<Hash, Uint8Array>(RECENT_BYTES)
  readonly #bodies: ReturnType<typeof bytesPart>
  readonly #entries: ReturnType<typeof jsonPart<EnvelopeEntry>>
  readonly #known = new Map<Hash, EnvelopeEntry>()
  readonly #perSender = new Map<Address, number>()
  #unrecordedBytes = 0

  constructor(db: Database) {
    this.#db = db
    this.#bodies = bytesPart(db, 'envelopes')
    this.#entries = jsonPart<EnvelopeEntry>(db, 'envelope-entries')
  }

  async load(): Promise<void> {
    for await (const entry of this.#entries.values()) this.#count(entry, 1)
  }

  /** Inputs held. */
  get size(): number {
    return this.#known.size
  }

  has(inputHash: Hash): boolean {
    return this.#known.has(inputHash)
  }

  async get(inputHash: Hash): Promise<Uint8Array | null> {
    const known = this.#recent.get(inputHash)
    if (known) return known
    const found = await this.#bodies.get(inputHash)
    if (found) this.#recent.set(inputHash, found, found.length)
    return found ?? null
  }

  /** @throws ENVELOPE_QUOTA */
  requireRoom(sender: Address, bytes: number): void {
    const limit =
      (this.#perSender.get(sender) ?? 0) >= MAX_UNRECORDED_PER_SENDER
        ? MAX_UNRECORDED_PER_SENDER
        : this.#unrecordedBytes + bytes > MAX_UNRECORDED_BYTES
          ? MAX_UNRECORDED_BYTES
          : null
    if (limit === null) return
    throw new WorkerError(
      { code: 'ENVELOPE_QUOTA', sender, limit },
      'This worker holds too many inputs that nobody has recorded.',
      { hint: 'Record the tasks of the inputs already delivered, or wait for the end of the epoch.' }
    )
  }

  async put(entry: EnvelopeEntry, envelope: Uint8Array): Promise<void> {
    const batch = this.#db.batch()
    batch.put(entry.inputHash, envelope, { sublevel: this.#bodies })
    batch.put(entry.inputHash, entry, { sublevel: this.#entries })
    await batch.write({ sync: true } as object)
    this.#recent.set(entry.inputHash, envelope, envelope.length)
    if (!this.#known.has(entry.inputHash)) this.#count(entry, 1)
  }

  async markRecorded(inputHash: Hash): Promise<void> {
    const entry = this.#known.get(inputHash)
    if (!entry || entry.recorded) return
    this.#count(entry, -1)
    const marked = { ...entry, recorded: true }
    this.#count(marked, 1)
    await this.#entries.put(inputHash, marked)
  }

  /** Drops all envelopes that `isOver` says nobody needs any more. */
  async prune(isOver: (entry: EnvelopeEntry) => boolean): Promise<number> {
    const over = [...this.#known.values()].filter(isOver)
    const batch = this.#db.batch()
    for (const entry of over) {
      batch.del(entry.inputHash, { sublevel: this.#bodies })
      batch.del(entry.inputHash, { sublevel: this.#entries })
      this.#recent.delete(entry.inputHash)
      this.#count(entry, -1)
    }
    await batch.write()
    return over.length
  }

  #count(entry: EnvelopeEntry, by: 1 | -1): void {
    if (by === 1) this.#known.set(entry.inputHash, entry)
    else this.#known.delete(entry.inputHash)
    if (entry.recorded) return
    const held = (this.#perSender.get(entry.sender) ?? 0) + by
    if (held > 0) this.#perSender.set(entry.sender, held)
    else this.#perSender.delete(entry.sender)
    this.#unrecordedBytes += by * entry.bytes
  }
}
