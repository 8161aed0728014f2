import { releasedResult, type ReleasedResult, type TaskId } from '@enigma/protocol'
import { bytesPart, numberKey, type BytesPart, type Database } from '../ops/database.ts'

/** Results kept for whoever asks any worker: about 700 MiB at the very worst. The oldest go first. */
const MAX_RESULTS = 10_000

/** Results on disk, checked by their reader: what the chain thought of them may have changed. */
export class ResultCache {
  readonly #db: Database
  readonly #results: BytesPart
  readonly #order: BytesPart // number of arrival -> taskId
  readonly #max: number
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
    for await (const key of cache.#order.keys()) {
      cache.#next = Number.parseInt(key, 16) + 1
      cache.#count += 1
    }
    return cache
  }

  async get(taskId: TaskId): Promise<ReleasedResult | null> {
    const bytes = await this.#results.get(taskId)
    if (!bytes) return null
    try {
      return releasedResult.decode(bytes)
    } catch {
      return null // damaged on disk: as good as absent
    }
  }

  async has(taskId: TaskId): Promise<boolean> {
    return this.#results.has(taskId)
  }

  async put(taskId: TaskId, result: ReleasedResult): Promise<void> {
    const batch = this.#db.batch()
    if (!(await this.#results.has(taskId))) {
      batch.put(numberKey(this.#next++), new TextEncoder().encode(taskId), { sublevel: this.#order })
      this.#count += 1
    }
    batch.put(taskId, releasedResult.encode(result), { sublevel: this.#results })
    for await (const [key, oldest] of this.#order.iterator({ limit: Math.max(0, this.#count - this.#max) })) {
      batch.del(key, { sublevel: this.#order }).del(new TextDecoder().decode(oldest), { sublevel: this.#results })
      this.#count -= 1
    }
    await batch.write()
  }
}
