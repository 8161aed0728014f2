import {
  SNAPSHOT_PART_BYTES,
  keccak256,
  signedSnapshot,
  type Hash,
  type ScAddr,
  type SignedSnapshot
} from '@enigma/protocol'
import { bytesPart, numberKey, type BytesPart, type Database } from '../ops/database.ts'

export interface SnapshotStoreLimits {
  /** Of one contract; older ones serve those whose view is a moment behind. */
  readonly perContract: number
  /** Of all: what a node gives for others' quicker start. The oldest to be stored go first. */
  readonly maxBytes: number
}
export const SNAPSHOT_LIMITS: SnapshotStoreLimits = { perContract: 2, maxBytes: 256 * 1024 * 1024 }

interface Held {
  readonly scAddr: ScAddr
  readonly deltaCount: number
  readonly headHash: Hash
  readonly contentHash: Hash
  readonly bytes: number
}

/** Encrypted states of contracts on disk, with who signed them. What is damaged counts as absent. */
export class SnapshotStore {
  readonly #db: Database
  readonly #heads: BytesPart // scAddr/deltaCount -> SignedSnapshot
  readonly #parts: BytesPart // contentHash/number of the part
  readonly #limits: SnapshotStoreLimits
  readonly #held = new Map<string, Held>() // in the order of their storing
  #tail: Promise<unknown> = Promise.resolve()

  private constructor(db: Database, limits: SnapshotStoreLimits) {
    this.#db = db
    this.#heads = bytesPart(db, 'snapshot')
    this.#parts = bytesPart(db, 'snapshot-part')
    this.#limits = limits
  }

  static async open(db: Database, limits: Partial<SnapshotStoreLimits> = {}): Promise<SnapshotStore> {
    const store = new SnapshotStore(db, { ...SNAPSHOT_LIMITS, ...limits })
    for await (const [key, bytes] of store.#heads.iterator()) {
      const found = decoded(bytes)
      if (found) store.#held.set(key, heldOf(found))
    }
    return store
  }

  /** The newest at `atMost` deltas or fewer, of those whose head `isHead` knows: a reorg leaves some of another branch. */
  async newest(
    scAddr: ScAddr,
    atMost: number,
    isHead: (deltaCount: number, headHash: Hash) => boolean = () => true
  ): Promise<SignedSnapshot | null> {
    const counts = [...this.#held.values()].filter(
      held => held.scAddr === scAddr && held.deltaCount <= atMost && isHead(held.deltaCount, held.headHash)
    )
    const best = counts.sort((a, b) => b.deltaCount - a.deltaCount)[0]
    const bytes = best && (await this.#heads.get(headKey(scAddr, best.deltaCount)))
    return bytes ? decoded(bytes) : null
  }

  /** From `offset` on, a multiple of the part size. */
  async part(contentHash: Hash, offset: number): Promise<Uint8Array | null> {
    if (offset % SNAPSHOT_PART_BYTES !== 0) return null
    return (await this.#parts.get(partKey(contentHash, offset))) ?? null
  }

  /** The whole ciphertext; null if a part is missing or damaged. */
  async read({ snapshot, bytes }: SignedSnapshot): Promise<Uint8Array | null> {
    const whole = new Uint8Array(bytes)
    for (let offset = 0; offset < bytes; offset += SNAPSHOT_PART_BYTES) {
      const part = await this.part(snapshot.contentHash, offset)
      if (!part || part.length !== Math.min(SNAPSHOT_PART_BYTES, bytes - offset)) return null
      whole.set(part, offset)
    }
    return keccak256(whole) === snapshot.contentHash ? whole : null
  }

  /** Keeps a snapshot whose ciphertext was checked against its hash; others go to make room. */
  put(signed: SignedSnapshot, ciphertext: Uint8Array): Promise<void> {
    return this.#inOrder(async () => {
      const { scAddr, deltaCount, contentHash } = signed.snapshot
      const batch = this.#db.batch()
      const key = headKey(scAddr, deltaCount)
      await this.#drop(key, batch)
      batch.put(key, signedSnapshot.encode(signed), { sublevel: this.#heads })
      for (let offset = 0; offset < ciphertext.length; offset += SNAPSHOT_PART_BYTES) {
        const part = ciphertext.subarray(offset, offset + SNAPSHOT_PART_BYTES)
        batch.put(partKey(contentHash, offset), part, { sublevel: this.#parts })
      }
      this.#held.set(key, heldOf(signed))
      const siblings = [...this.#held].filter(([, held]) => held.scAddr === scAddr)
      siblings.sort(([, a], [, b]) => b.deltaCount - a.deltaCount)
      for (const [old] of siblings.slice(this.#limits.perContract)) await this.#drop(old, batch)
      for (const [oldest] of this.#held) {
        const total = [...this.#held.values()].reduce((sum, held) => sum + held.bytes, 0)
        if (total <= this.#limits.maxBytes || oldest === key) break
        await this.#drop(oldest, batch)
      }
      await batch.write()
    })
  }

  async #drop(key: string, batch: ReturnType<Database['batch']>): Promise<void> {
    const held = this.#held.get(key)
    if (!held) return
    this.#held.delete(key)
    batch.del(key, { sublevel: this.#heads })
    // Another snapshot of the same state has the same bytes.
    if ([...this.#held.values()].some(other => other.contentHash === held.contentHash)) return
    for (let offset = 0; offset < held.bytes; offset += SNAPSHOT_PART_BYTES) {
      batch.del(partKey(held.contentHash, offset), { sublevel: this.#parts })
    }
    await Promise.resolve()
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work)
    this.#tail = done.catch(() => undefined)
    return done
  }
}

const headKey = (scAddr: ScAddr, deltaCount: number): string => `${scAddr}/${numberKey(deltaCount)}`
const partKey = (contentHash: Hash, offset: number): string =>
  `${contentHash}/${numberKey(Math.floor(offset / SNAPSHOT_PART_BYTES))}`

const heldOf = ({ snapshot, bytes }: SignedSnapshot): Held => ({
  scAddr: snapshot.scAddr,
  deltaCount: snapshot.deltaCount,
  headHash: snapshot.headHash,
  contentHash: snapshot.contentHash,
  bytes
})

function decoded(bytes: Uint8Array): SignedSnapshot | null {
  try {
    return signedSnapshot.decode(bytes)
  } catch {
    return null
  }
}
