import type { Libp2pInit } from 'libp2p'

type Datastore = NonNullable<Libp2pInit['datastore']>
type Key = Parameters<Datastore['get']>[0]
interface Pair {
  readonly key: Key
  readonly value: Uint8Array
}

export interface RecordStoreLimits {
  /** Records of others in all, each of at most `maxRecordBytes`: the store's worst size is their product. */
  readonly maxRecords: number
  readonly maxRecordBytes: number
}

export interface RecordStoreInit extends Partial<RecordStoreLimits> {
  /** The writer whose records stay: the peer id of this node. They are as many as the contracts that it holds, and it tells of them anew from here. */
  readonly own?: string
}

/** 8,192 records of a few hundred bytes: about 4 MiB in practice, 32 MiB at the very worst. */
export const RECORD_LIMITS: RecordStoreLimits = { maxRecords: 8_192, maxRecordBytes: 4 * 1024 }

/**
 * What libp2p remembers, in memory and bounded: addresses of peers, and the DHT's provider records of others.
 *
 * Records lie in groups (their key up to the last part), so that the providers of one content are found without a scan.
 * When it is full, the oldest record of the writer with the most records goes (the last part of a provider record's key
 * names its writer): one that floods pushes out its own.
 */
export class RecordStore implements Datastore {
  readonly #groups = new Map<string, Map<string, Pair>>()
  /** Writer -> its keys, oldest first. */
  readonly #byWriter = new Map<string, Map<string, Key>>()
  readonly #limits: RecordStoreLimits
  readonly #own: string | undefined
  #count = 0

  constructor({ own, ...limits }: RecordStoreInit = {}) {
    this.#limits = { ...RECORD_LIMITS, ...limits }
    this.#own = own
  }

  get size(): number {
    return this.#count
  }

  put(key: Key, value: Uint8Array): Key {
    if (value.length > this.#limits.maxRecordBytes || key.toString().length > 512) return key // as good as forgotten at once
    this.delete(key)
    const [group, writer] = partsOf(key)
    const own = { key: ownKey(key), value: Uint8Array.from(value) }
    grow(this.#groups, group, () => new Map<string, Pair>()).set(key.toString(), own)
    grow(this.#byWriter, writer, () => new Map<string, Key>()).set(key.toString(), own.key)
    this.#count += 1
    if (this.#count - this.#ownCount > this.#limits.maxRecords) this.#evict()
    return key
  }

  get(key: Key): Uint8Array {
    const found = this.#groups.get(partsOf(key)[0])?.get(key.toString())
    if (found) return found.value
    throw Object.assign(new Error('Not found'), { name: 'NotFoundError', code: 'ERR_NOT_FOUND' })
  }

  has(key: Key): boolean {
    return this.#groups.get(partsOf(key)[0])?.has(key.toString()) ?? false
  }

  delete(key: Key): void {
    const [group, writer] = partsOf(key)
    if (!shrink(this.#groups, group, key.toString())) return
    shrink(this.#byWriter, writer, key.toString())
    this.#count -= 1
  }

  async *putMany(source: Iterable<Pair> | AsyncIterable<Pair>): AsyncGenerator<Key> {
    for await (const { key, value } of source) yield this.put(key, value)
  }
  async *getMany(source: Iterable<Key> | AsyncIterable<Key>): AsyncGenerator<Pair> {
    for await (const key of source) yield { key, value: this.get(key) }
  }
  async *deleteMany(source: Iterable<Key> | AsyncIterable<Key>): AsyncGenerator<Key> {
    for await (const key of source) {
      this.delete(key)
      yield key
    }
  }

  batch(): ReturnType<Datastore['batch']> {
    const steps: (() => void)[] = []
    return {
      put: (key, value) => void steps.push(() => this.put(key, value)),
      delete: key => void steps.push(() => this.delete(key)),
      commit: () => {
        for (const step of steps.splice(0)) step()
      }
    }
  }

  *query({ prefix = '', filters = [], orders = [], offset = 0, limit = Infinity }: Parameters<Datastore['query']>[0]) {
    let found = this.#under(prefix).filter(pair => filters.every(filter => filter(pair)))
    for (const order of orders) found = found.toSorted(order)
    yield* found.slice(offset, offset + limit)
  }

  *queryKeys({
    prefix = '',
    filters = [],
    orders = [],
    offset = 0,
    limit = Infinity
  }: Parameters<Datastore['queryKeys']>[0]) {
    let found = this.#under(prefix)
      .map(({ key }) => key)
      .filter(key => filters.every(filter => filter(key)))
    for (const order of orders) found = found.toSorted(order)
    yield* found.slice(offset, offset + limit)
  }

  #under(prefix: string): Pair[] {
    const group = this.#groups.get(prefix)
    if (group) return [...group.values()]
    return [...this.#groups.values()].flatMap(pairs =>
      [...pairs.values()].filter(({ key }) => key.toString().startsWith(prefix))
    )
  }

  get #ownCount(): number {
    return this.#own === undefined ? 0 : (this.#byWriter.get(this.#own)?.size ?? 0)
  }

  #evict(): void {
    let most = new Map<string, Key>()
    for (const [writer, keys] of this.#byWriter) if (writer !== this.#own && keys.size > most.size) most = keys
    const oldest = most.values().next().value
    if (oldest) this.delete(oldest)
  }
}

/** Bytes as they come are a view of all that was read, or written, at the same time: 64 KiB would stay for a hundred bytes. */
const ownKey = (key: Key): Key =>
  new (key.constructor as new (bytes: Uint8Array, clean: boolean) => Key)(Uint8Array.from(key.uint8Array()), false)

/** Group and writer: "/dht/provider/CID/PEER" is PEER's record in the group "/dht/provider/CID". */
function partsOf(key: Key): [string, string] {
  const text = key.toString()
  const at = text.lastIndexOf('/')
  return [text.slice(0, at), text.slice(at + 1)]
}

function grow<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const held = map.get(key) ?? make()
  map.set(key, held)
  return held
}

function shrink(map: Map<string, Map<string, unknown>>, key: string, inner: string): boolean {
  const held = map.get(key)
  if (!held?.delete(inner)) return false
  if (held.size === 0) map.delete(key)
  return true
}
