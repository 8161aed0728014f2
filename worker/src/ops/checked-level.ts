import {
  AbstractIterator,
  AbstractKeyIterator,
  AbstractLevel,
  AbstractValueIterator,
  type AbstractBatchOperation,
  type AbstractIteratorOptions
} from 'abstract-level'
import { type ClassicLevel } from 'classic-level'
import { checkedValue, withChecksum } from './checksum.ts'
import { markClosed } from './unclean-ends.ts'
import { WriteGuard, type DiskWatch } from './write-guard.ts'

type Bytes = Uint8Array
type Inner = ClassicLevel<Bytes, Bytes>
type Range = AbstractIteratorOptions<Bytes, Bytes>
type Operation = AbstractBatchOperation<Inner, Bytes, Bytes>

/** Told once of every value that was not what had been written. `key` is the whole key, with the part's name. */
export type OnDamaged = (key: string) => void

const INNER = { keyEncoding: 'view', valueEncoding: 'view' } as const
const QUARANTINE = '!damaged!'
/** Damaged values kept for whoever wants to look at them. */
const MAX_QUARANTINED = 100
const MAX_QUARANTINED_BYTES = 1024 * 1024

const utf8 = new TextDecoder()
const bytesOf = (text: string): Bytes => new TextEncoder().encode(text)
const isEqual = (a: Bytes, b: Bytes): boolean => Buffer.compare(a, b) === 0

/** What LevelDB says of a table that ends before a block it is to hold: it reads past the end, which is no fault of the disk. */
const SHORT_TABLE = /\.(?:ldb|sst): Invalid argument/

/** LevelDB's own word that a file is damaged. */
export function isCorruption(error: unknown): boolean {
  const { code, message, cause } = (error ?? {}) as { code?: unknown; message?: string; cause?: unknown }
  const isShort = code === 'LEVEL_IO_ERROR' && SHORT_TABLE.test(message ?? '')
  return code === 'LEVEL_CORRUPTION' || isShort || (cause !== undefined && isCorruption(cause))
}

/**
 * LevelDB in which every value carries a checksum over its key and itself, checked at every read, also by iterators and `has`.
 * A damaged value counts as missing, so that its owner fetches or computes it again; it is moved aside, and told of.
 */
export class CheckedLevel extends AbstractLevel<Bytes, string, Bytes> {
  readonly inner: Inner
  readonly #onDamaged: OnDamaged
  readonly #guard: WriteGuard
  readonly #writing = new Set<Promise<void>>()
  #movingAside: Promise<void> | null = null
  #pause: Promise<void> | null = null
  #quarantined = 0

  constructor(inner: Inner, onDamaged: OnDamaged, watch: DiskWatch) {
    super({ encodings: { view: true }, has: true }, { keyEncoding: 'utf8', valueEncoding: 'view' })
    this.inner = inner
    this.#guard = new WriteGuard(inner, watch)
    this.#onDamaged = onDamaged
  }

  async _open(): Promise<void> {
    await this.inner.open()
  }

  async _close(): Promise<void> {
    await this.inner.close()
    markClosed(this.inner.location)
  }

  _put(key: Bytes, value: Bytes, options: object): Promise<void> {
    return this.#write(() => this.inner.put(key, withChecksum(key, value), { ...options, ...INNER }))
  }

  _del(key: Bytes, options: object): Promise<void> {
    return this.#write(() => this.inner.del(key, { ...options, ...INNER }))
  }

  _batch(operations: readonly Operation[], options: object): Promise<void> {
    const stored = operations.map((operation): Operation => {
      const { type, key } = operation
      if (type === 'del') return { type, key, ...INNER }
      return { type, key, value: withChecksum(key, operation.value), ...INNER }
    })
    return this.#write(() => this.inner.batch(stored, { ...options, ...INNER }))
  }

  async _get(key: Bytes): Promise<Bytes | undefined> {
    await this.#guard.readable()
    let stored: Bytes | undefined
    try {
      stored = await this.inner.get(key, INNER)
    } catch (error) {
      if (!isCorruption(error)) throw error
      await this.moveAside(key, null)
      return undefined
    }
    if (stored === undefined) return undefined
    const value = checkedValue(key, stored)
    if (value === null) await this.moveAside(key, stored)
    return value ?? undefined
  }

  _getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    return Promise.all(keys.map(key => this._get(key)))
  }

  async _has(key: Bytes): Promise<boolean> {
    return (await this._get(key)) !== undefined
  }

  _clear(options: object): Promise<void> {
    return this.#write(() => this.inner.clear({ ...options, ...INNER }))
  }

  _iterator(options: Range): AbstractIterator<CheckedLevel, Bytes, Bytes> {
    return new Entries(this, options)
  }

  _keys(options: Range): AbstractKeyIterator<CheckedLevel, Bytes> {
    return new Keys(this, options)
  }

  _values(options: Range): AbstractValueIterator<CheckedLevel, Bytes, Bytes> {
    return new Values(this, options)
  }

  /** What is stored of a range, whole or damaged. */
  range(range: Range): AbstractIterator<Inner, Bytes, Bytes> {
    return this.inner.iterator<Bytes, Bytes>({ ...range, keys: true, values: true, ...INNER })
  }

  /** Waits while the database is opened anew. */
  readable(): Promise<void> {
    return this.#guard.readable()
  }

  /** Does the work while no write is under way and none begins; reads go on. */
  async paused<T>(work: () => Promise<T>): Promise<T> {
    while (this.#pause) await this.#pause
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#pause = promise
    try {
      while (this.#movingAside) await this.#movingAside
      await Promise.allSettled(this.#writing)
      return await work()
    } finally {
      this.#pause = null
      resolve()
    }
  }

  /** Takes a damaged value out of the way, unless something else has been written in its place meanwhile. */
  async moveAside(key: Bytes, stored: Bytes | null): Promise<void> {
    while (this.#pause ?? this.#movingAside) await (this.#pause ?? this.#movingAside)
    const work = this.#moveAside(key, stored)
    this.#movingAside = work.finally(() => (this.#movingAside = null))
    await work
  }

  async #moveAside(key: Bytes, stored: Bytes | null): Promise<void> {
    await Promise.allSettled(this.#writing)
    const now = await this.inner.get(key, INNER).catch(() => undefined)
    if (stored && (!now || !isEqual(now, stored))) return
    const batch = this.inner.batch().del(key, INNER)
    if (stored && this.#quarantined++ < MAX_QUARANTINED && stored.length <= MAX_QUARANTINED_BYTES) {
      batch.put(bytesOf(QUARANTINE + utf8.decode(key)), stored, INNER)
    }
    await this.#guard.write(() => batch.write({ sync: true }))
    this.#onDamaged(utf8.decode(key))
  }

  async #write(work: () => Promise<void>): Promise<void> {
    while (this.#pause ?? this.#movingAside) await (this.#pause ?? this.#movingAside)
    const done = this.#guard.write(work)
    const settled = done.catch(() => undefined)
    this.#writing.add(settled)
    void settled.then(() => this.#writing.delete(settled))
    await done
  }
}

/** The good entries of a range, in order. */
class Reader {
  readonly #db: CheckedLevel
  #rest: Range
  #entries: AbstractIterator<Inner, Bytes, Bytes> | null = null
  #left: number

  constructor(db: CheckedLevel, { limit = -1, ...range }: Range) {
    this.#db = db
    this.#left = limit < 0 ? Infinity : limit
    this.#rest = range
    if (db.inner.status === 'open') this.#entries = db.range(range) // as of now
  }

  async next(): Promise<[Bytes, Bytes] | undefined> {
    while (this.#left > 0) {
      const entry = await this.#next()
      if (entry === undefined) return undefined
      const [key, stored] = entry
      const value = checkedValue(key, stored)
      if (value === null) {
        await this.#db.moveAside(key, stored)
        continue
      }
      this.#left -= 1
      return [key, value]
    }
    return undefined
  }

  /** Goes on behind the last one if the database was opened anew under it. */
  async #next(): Promise<[Bytes, Bytes] | undefined> {
    for (;;) {
      if (this.#entries === null) {
        await this.#db.readable()
        this.#entries = this.#db.range(this.#rest)
      }
      try {
        const entry = await this.#entries.next()
        if (entry !== undefined) this.#rest = { ...this.#rest, [this.#rest.reverse === true ? 'lt' : 'gt']: entry[0] }
        return entry
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'LEVEL_ITERATOR_NOT_OPEN') throw error
        this.#entries = null
      }
    }
  }

  async close(): Promise<void> {
    await this.#entries?.close()
  }
}

class Entries extends AbstractIterator<CheckedLevel, Bytes, Bytes> {
  readonly #reader: Reader
  constructor(db: CheckedLevel, options: Range) {
    super(db, options)
    this.#reader = new Reader(db, options)
  }
  _next = (): Promise<[Bytes, Bytes] | undefined> => this.#reader.next()
  _close = (): Promise<void> => this.#reader.close()
}

class Keys extends AbstractKeyIterator<CheckedLevel, Bytes> {
  readonly #reader: Reader
  constructor(db: CheckedLevel, options: Range) {
    super(db, options)
    this.#reader = new Reader(db, options)
  }
  _next = async (): Promise<Bytes | undefined> => (await this.#reader.next())?.[0]
  _close = (): Promise<void> => this.#reader.close()
}

class Values extends AbstractValueIterator<CheckedLevel, Bytes, Bytes> {
  readonly #reader: Reader
  constructor(db: CheckedLevel, options: Range) {
    super(db, options)
    this.#reader = new Reader(db, options)
  }
  _next = async (): Promise<Bytes | undefined> => (await this.#reader.next())?.[1]
  _close = (): Promise<void> => this.#reader.close()
}
