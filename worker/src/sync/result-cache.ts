import { releasedResult, type ReleasedResult, type TaskId } from '@enigma/protocol'
import { bytesPart, numberKey, type BytesPart, type Database } from '../ops/database.ts'

/** Results kept for whoever asks any worker: about 700 MiB at the very worst. The oldest go first. */
const MAX_RESULTS = 10_000
/** The newest ones are asked for by everybody at once: they stay in memory too, unless they are large. */
const MAX_RECENT = 256
const MAX_RECENT_BYTES = 16 * 1024

/** Results on disk, checked by their reader: what the chain thought of them may have changed. */
export class ResultCache {
  readonly #db: Database
  readonly #results: BytesPart
  readonly #order: BytesPart // number of arrival -> taskId
  readonly #max: number
  readonly #known = new Set<TaskId>()
  readonly #recent = new Map<TaskId, ReleasedResult>()
  #next = 0
  #count = 0

  private constructor(db: Database, max: number) {
    this.#db = db
    this.#results = bytesPart(db, 'result')
    this.#order = bytesPart(db, 'result-order')
    this.#max = max
  }

  static async open(db: Database, max = MAX_RESULTS): Promise<ResultCache> {
    const cache = new ResultCache(db, max)
    for await (const taskId of cache.#results.keys()) cache.#known.add(taskId as TaskId)
    for await (const key of cache.#order.keys()) {
      cache.#next = Number.parseInt(key, 16) + 1
      cache.#count += 1
    }
    return cache
  }

  async get(taskId: TaskId): Promise<ReleasedResult | null> {
    const recent = this.#recent.get(taskId)
    if (recent) return recent
    if (!this.#known.has(taskId)) return null
    const bytes = await this.#results.get(taskId)
    if (!bytes) {
      this.#known.delete(taskId) // it was damaged, and taken out of the way
      return null
    }
    try {
      return releasedResult.decode(bytes)
    } catch {
      return null // damaged on disk: as good as absent
    }
  }

  has(taskId: TaskId): boolean {
    return this.#known.has(taskId)
  }

  async put(taskId: TaskId, result: ReleasedResult): Promise<void> {
    const batch = this.#db.batch()
    const bytes = releasedResult.encode(result)
    if (!this.#known.has(taskId)) {
      this.#known.add(taskId)
      batch.put(numberKey(this.#next++), new TextEncoder().encode(taskId), { sublevel: this.#order })
      this.#count += 1
    }
    batch.put(taskId, bytes, { sublevel: this.#results })
    this.#recent.delete(taskId)
    if (bytes.length <= MAX_RECENT_BYTES) this.#recent.set(taskId, result)
    if (this.#recent.size > MAX_RECENT) this.#recent.delete(this.#recent.keys().next().value!)
    for await (const [key, oldest] of this.#order.iterator({ limit: Math.max(0, this.#count - this.#max) })) {
      const gone = new TextDecoder().decode(oldest) as TaskId
      batch.del(key, { sublevel: this.#order }).del(gone, { sublevel: this.#results })
      this.#known.delete(gone)
      this.#recent.delete(gone)
      this.#count -= 1
    }
    try {
      await batch.write()
    } catch (error) {
      this.#known.delete(taskId)
      throw error
    }
  }
}
