import {
  bytes,
  fixedBytes,
  maybe,
  message,
  receiptCodec,
  releasedResult,
  MAX_CALLBACK_BYTES,
  MAX_DELTA_BYTES,
  MAX_SEALED_RUN_BYTES
} from '@enigma/protocol'
import type { Codec, Hash, Receipt, ReleasedResult, TaskId } from '@enigma/protocol'
import { bytesPart, jsonPart, type Database } from '../ops/database.ts'
import { RecentBytes } from '../ops/recent-bytes.ts'
import { isFinal, type Task } from './machine.ts'

/** What an enclave gave its host of a run (R8): kept until the result is released. */
export interface StoredRun {
  readonly receipt: Receipt
  readonly signature: Uint8Array
  readonly delta: Uint8Array | null
  readonly callbackData: Uint8Array // empty without a callback
  readonly sealedRun: Uint8Array
}
const storedRun: Codec<StoredRun> = message<StoredRun>('StoredRun', 1, {
  receipt: receiptCodec,
  signature: fixedBytes(65),
  delta: maybe(bytes(MAX_DELTA_BYTES)),
  callbackData: bytes(MAX_CALLBACK_BYTES),
  sealedRun: bytes(MAX_SEALED_RUN_BYTES)
})

/** Tasks, runs and released results on disk. Every write is one atomic batch, synced before it resolves. */
export interface TaskStore {
  load(): Promise<readonly Task[]>
  get(taskId: TaskId): Promise<Task | null>
  /** Writes the task, and in the same batch what came with this step. */
  save(
    task: Task,
    added?: { readonly run?: { digest: Hash; run: StoredRun }; readonly result?: ReleasedResult }
  ): Promise<void>
  run(digest: Hash): Promise<StoredRun | null>
  result(taskId: TaskId): Promise<ReleasedResult | null>
  /** Drops tasks, with their runs and results. */
  drop(tasks: readonly Task[]): Promise<void>
  /** Drops the oldest settled tasks beyond `keep`. */
  prune(keep: number): Promise<void>
}

const SYNCED = { sync: true } as object
/** Of runs that were written last: a run is sent a moment after it is written, and released a block later. */
const RECENT_BYTES = 4 * 1024 * 1024

export function createTaskStore(db: Database): TaskStore {
  const tasks = jsonPart<Task>(db, 'tasks')
  const runs = bytesPart(db, 'runs')
  const results = bytesPart(db, 'results')
  const recent = new RecentBytes<Hash, StoredRun>(RECENT_BYTES)

  async function load(): Promise<Task[]> {
    const found: Task[] = []
    for await (const task of tasks.values()) found.push(task)
    return found
  }
  async function drop(dropped: readonly Task[]): Promise<void> {
    const batch = db.batch()
    for (const { facts, state } of dropped) {
      batch.del(facts.taskId, { sublevel: tasks })
      batch.del(facts.taskId, { sublevel: results })
      if ('run' in state) batch.del(state.run.digest, { sublevel: runs })
    }
    await batch.write()
  }
  return {
    load,
    drop,
    get: async taskId => (await tasks.get(taskId)) ?? null,
    async save(task, { run, result } = {}) {
      const batch = db.batch()
      batch.put(task.facts.taskId, task, { sublevel: tasks })
      const encoded = run && storedRun.encode(run.run)
      if (run && encoded) batch.put(run.digest, encoded, { sublevel: runs })
      if (result) batch.put(task.facts.taskId, releasedResult.encode(result), { sublevel: results })
      await batch.write(SYNCED)
      if (run && encoded) recent.set(run.digest, run.run, encoded.length)
      if (result && 'run' in task.state) recent.delete(task.state.run.digest) // nobody asks for it any more
    },
    async run(digest) {
      const known = recent.get(digest)
      if (known) return known
      const found = await runs.get(digest)
      return found ? storedRun.decode(found) : null
    },
    async result(taskId) {
      const found = await results.get(taskId)
      return found ? releasedResult.decode(found) : null
    },
    async prune(keep) {
      const settled = (await load()).filter(task => isFinal(task.state)).sort((a, b) => b.facts.order - a.facts.order)
      await drop(settled.slice(keep))
    }
  }
}
