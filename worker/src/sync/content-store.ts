import {
  EnigmaError,
  ZERO_ADDRESS,
  codeHashOf,
  deltaCodec,
  deltaHashOf,
  keccak256,
  type Address,
  type Hash,
  type ScAddr
} from '@enigma/protocol'
import { bytesPart, jsonPart, numberKey, type BytesPart, type Database, type JsonPart } from '../ops/database.ts'
import type { Logger } from '../ops/log.ts'
import { SyncError } from './errors.ts'
import type { ChosenContent, ContentStore, DeltaOffer, StoredDelta } from './interfaces.ts'

/** What stands beside content that the chain has not chosen (yet). */
interface Candidate {
  readonly from: Address // 0: this node itself, which no quota holds back
  readonly at: number // ms since 1970
  readonly bytes: number
}

export interface ContentStoreLimits {
  /** Deltas that one signer may offer for one index: a run and two repeats of it after reorgs. */
  readonly candidatesPerSigner: number
  /** Bytes of all content that no receipt on chain names. Deltas are at most 512 KiB. */
  readonly maxCandidateBytes: number
  /** Age at which such content is dropped: far longer than any task lives. */
  readonly candidateMs: number
}
export const CONTENT_LIMITS: ContentStoreLimits = {
  candidatesPerSigner: 3,
  maxCandidateBytes: 256 * 1024 * 1024,
  candidateMs: 60 * 60 * 1000
}

const SYNCED = { sync: true } as const
const deltaKey = (scAddr: ScAddr, index: number, deltaHash: Hash): string =>
  `${scAddr}/${numberKey(index)}/${deltaHash}`
function placeOf(key: string): StoredDelta {
  const [scAddr, index, deltaHash] = key.split('/') as [ScAddr, string, Hash]
  return { scAddr, index: Number.parseInt(index, 16), deltaHash }
}
const codeKey = (codeHash: Hash): string => `code/${codeHash}`

/**
 * Deltas and bytecode in the node's database.
 *
 * The key of a value ends in its hash, which is checked at every read: a value that was damaged on disk is dropped and
 * counts as missing, so that it is fetched again. Every write is synced before it resolves, and in one batch.
 */
export class LevelContentStore implements ContentStore {
  readonly #db: Database
  readonly #deltas: BytesPart
  readonly #codes: BytesPart
  readonly #candidates: JsonPart<Candidate>
  readonly #log: Logger
  readonly #limits: ContentStoreLimits
  readonly #now: () => number
  #candidateBytes = 0
  #tail: Promise<unknown> = Promise.resolve()

  private constructor(db: Database, log: Logger, limits: ContentStoreLimits, now: () => number) {
    this.#db = db
    this.#deltas = bytesPart(db, 'delta')
    this.#codes = bytesPart(db, 'code')
    this.#candidates = jsonPart<Candidate>(db, 'candidate')
    this.#log = log
    this.#limits = limits
    this.#now = now
  }

  static async open(
    db: Database,
    log: Logger,
    limits: Partial<ContentStoreLimits> = {},
    now: () => number = Date.now
  ): Promise<LevelContentStore> {
    const store = new LevelContentStore(db, log, { ...CONTENT_LIMITS, ...limits }, now)
    for await (const { bytes } of store.#candidates.values()) store.#candidateBytes += bytes
    return store
  }

  /** @throws PROTOCOL_DECODE, DELTA_REFUSED, CONTENT_FULL; then nothing is written. */
  async putDelta(delta: Uint8Array, from: Address | null): Promise<StoredDelta> {
    const [stored] = await this.putDeltas([{ delta, from }])
    if (stored instanceof EnigmaError) throw stored
    return stored!
  }

  putDeltas(offers: readonly DeltaOffer[]): Promise<readonly (StoredDelta | EnigmaError)[]> {
    return this.#inOrder(async () => {
      const batch = this.#db.batch()
      const added: StoredDelta[] = []
      const taken: (StoredDelta | EnigmaError)[] = []
      for (const offer of offers) {
        const stored = this.#takeDelta(offer, added, batch).catch((error: unknown) => {
          if (error instanceof EnigmaError) return error
          throw error
        })
        taken.push(await stored)
      }
      await batch.write(SYNCED)
      return taken
    })
  }

  /** @param added what is in the batch already, not on disk yet. @throws PROTOCOL_DECODE, DELTA_REFUSED, CONTENT_FULL */
  async #takeDelta(
    { delta, from }: DeltaOffer,
    added: StoredDelta[],
    batch: ReturnType<Database['batch']>
  ): Promise<StoredDelta> {
    const { scAddr, index } = deltaCodec.decode(delta)
    const deltaHash = deltaHashOf(delta)
    const key = deltaKey(scAddr, index, deltaHash)
    const here = added.filter(one => one.scAddr === scAddr && one.index === index)
    const held =
      here.some(one => one.deltaHash === deltaHash) || (await this.getDelta(scAddr, index, deltaHash)) !== null
    if (from === null) {
      await this.#unmark(key, batch)
    } else if (!held) {
      await this.#requireRoom(scAddr, index, from, here.length)
      this.#mark(key, from, delta.length, batch)
    }
    const stored = { scAddr, index, deltaHash }
    if (held) return stored
    batch.put(key, delta, { sublevel: this.#deltas })
    added.push(stored)
    return stored
  }

  putChosen(contents: readonly ChosenContent[]): Promise<void> {
    return this.#inOrder(async () => {
      const batch = this.#db.batch()
      for (const { place, hash, bytes } of contents) {
        if (place) batch.put(deltaKey(place.scAddr, place.index, hash), bytes, { sublevel: this.#deltas })
        else batch.put(hash, bytes, { sublevel: this.#codes })
      }
      const keys = contents.map(({ place, hash }) =>
        place ? deltaKey(place.scAddr, place.index, hash) : codeKey(hash)
      )
      const marks = await this.#candidates.getMany(keys)
      for (const [i, held] of marks.entries()) if (held) this.#drop(keys[i]!, held, batch)
      await batch.write(SYNCED)
    })
  }

  async getDelta(scAddr: ScAddr, index: number, deltaHash: Hash): Promise<Uint8Array | null> {
    return this.#checked(this.#deltas, deltaKey(scAddr, index, deltaHash), deltaHash)
  }

  async hasDelta(scAddr: ScAddr, index: number, deltaHash: Hash): Promise<boolean> {
    return this.#deltas.has(deltaKey(scAddr, index, deltaHash))
  }

  settle(chosen: readonly StoredDelta[]): Promise<void> {
    return this.#inOrder(async () => {
      const batch = this.#db.batch()
      for (const { scAddr, index, deltaHash } of chosen) {
        for (const [key, held] of await this.#candidatesAt(scAddr, index)) {
          this.#drop(key, held, batch)
          if (key !== deltaKey(scAddr, index, deltaHash)) batch.del(key, { sublevel: this.#deltas })
        }
      }
      if (batch.length > 0) await batch.write(SYNCED)
      else await batch.close()
    })
  }

  putBytecode(bytecode: Uint8Array, from: Address | null): Promise<Hash> {
    return this.#inOrder(async () => {
      const codeHash = codeHashOf(bytecode)
      const batch = this.#db.batch()
      const held = (await this.getBytecode(codeHash)) !== null
      if (from === null) {
        await this.#unmark(codeKey(codeHash), batch)
      } else if (!held) {
        if (from !== ZERO_ADDRESS) this.#requireBytes(bytecode.length)
        this.#mark(codeKey(codeHash), from, bytecode.length, batch)
      }
      if (!held) batch.put(codeHash, bytecode, { sublevel: this.#codes })
      await batch.write(SYNCED)
      return codeHash
    })
  }

  async getBytecode(codeHash: Hash): Promise<Uint8Array | null> {
    return this.#checked(this.#codes, codeHash, codeHash)
  }

  dropStale(isChosen: (delta: StoredDelta) => boolean, isCode: (codeHash: Hash) => boolean): Promise<number> {
    return this.#inOrder(async () => {
      const before = this.#now() - this.#limits.candidateMs
      const batch = this.#db.batch()
      let dropped = 0
      for await (const [key, held] of this.#candidates.iterator()) {
        if (held.at >= before) continue
        this.#drop(key, held, batch)
        const code = key.startsWith('code/') ? (key.slice('code/'.length) as Hash) : null
        if (code ? isCode(code) : isChosen(placeOf(key))) continue
        if (code) batch.del(code, { sublevel: this.#codes })
        else batch.del(key, { sublevel: this.#deltas })
        dropped += 1
      }
      await batch.write(SYNCED)
      return dropped
    })
  }

  demote(isChosen: (delta: StoredDelta) => boolean, isCode: (codeHash: Hash) => boolean): Promise<number> {
    return this.#inOrder(async () => {
      const batch = this.#db.batch()
      let demoted = 0
      const demoteOne = async (key: string, { length }: Uint8Array): Promise<void> => {
        if (await this.#candidates.has(key)) return
        this.#mark(key, ZERO_ADDRESS, length, batch)
        demoted += 1
      }
      for await (const [key, bytes] of this.#deltas.iterator()) {
        if (!isChosen(placeOf(key))) await demoteOne(key, bytes)
      }
      for await (const [codeHash, bytes] of this.#codes.iterator()) {
        if (!isCode(codeHash as Hash)) await demoteOne(codeKey(codeHash as Hash), bytes)
      }
      await batch.write(SYNCED)
      return demoted
    })
  }

  async #checked(part: BytesPart, key: string, hash: Hash): Promise<Uint8Array | null> {
    const bytes = await part.get(key)
    if (bytes === undefined) return null
    if (keccak256(bytes) === hash) return bytes
    this.#log.error('Damaged content was dropped; it will be fetched again', { key })
    await this.#db.batch().del(key, { sublevel: part }).write(SYNCED)
    return null
  }

  async #candidatesAt(scAddr: ScAddr, index: number): Promise<[string, Candidate][]> {
    const prefix = `${scAddr}/${numberKey(index)}/`
    return this.#candidates.iterator({ gte: prefix, lt: `${prefix}~` }).all()
  }

  /** @param inBatch deltas for the same place that are about to be written, of the same sender */
  async #requireRoom(scAddr: ScAddr, index: number, from: Address, inBatch: number): Promise<void> {
    if (from === ZERO_ADDRESS) return
    const others = await this.#candidatesAt(scAddr, index)
    const own = others.filter(([, other]) => other.from === from).length + inBatch
    if (own >= this.#limits.candidatesPerSigner) {
      throw new SyncError(
        { code: 'DELTA_REFUSED', scAddr, index, why: 'too many' },
        `There are already ${this.#limits.candidatesPerSigner} deltas of ${from} for this place.`
      )
    }
    this.#requireBytes(0)
  }

  #requireBytes(bytes: number): void {
    const { maxCandidateBytes } = this.#limits
    if (this.#candidateBytes + bytes < maxCandidateBytes) return
    throw new SyncError(
      { code: 'CONTENT_FULL', limitBytes: maxCandidateBytes },
      'This node keeps no more content that is not on chain yet.'
    )
  }

  #mark(key: string, from: Address, bytes: number, batch: ReturnType<Database['batch']>): void {
    this.#candidateBytes += bytes
    batch.put<string, Candidate>(
      key,
      { from, at: this.#now(), bytes },
      { sublevel: this.#candidates, valueEncoding: 'json' }
    )
  }

  async #unmark(key: string, batch: ReturnType<Database['batch']>): Promise<void> {
    const held = await this.#candidates.get(key)
    if (held) this.#drop(key, held, batch)
  }

  #drop(key: string, { bytes }: Candidate, batch: ReturnType<Database['batch']>): void {
    this.#candidateBytes -= bytes
    batch.del(key, { sublevel: this.#candidates })
  }

  /** One writer at a time: the limits are checked against what was written. */
  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work)
    this.#tail = done.catch(() => undefined)
    return done
  }
}
