import type { Address, Hash, ScAddr, TaskId } from '@enigma/protocol'
import { decodeResult } from '@enigma/protocol/secret-abi'
import { ClientError } from '../errors.ts'
import type { Session } from '../session.ts'
import type { TaskProgress } from './progress.ts'
import type { StoredTask } from './store.ts'
import { watchTask, type Finished, type WatchOptions } from './watch.ts'

/** A recorded task of this client. */
export interface Task<T = unknown> {
  readonly taskId: TaskId
  readonly scAddr: ScAddr
  readonly inputHash: Hash
  readonly sender: Address
  /** The function that it calls; null for a deployment. */
  readonly functionName: string | null
  readonly createdAtMs: number
  /** Every stage from the first on, live. Each loop over it watches anew. */
  readonly events: AsyncIterable<TaskProgress>
  /**
   * The decoded, verified answer, once it is final; later calls give the same one. If a reorganisation deeper than the confirmations takes it
   * back (a watch then tells `undone: 'final'`), a new handle gives the one that counts.
   *
   * @throws TaskFailedError when the task failed or expired.
   */
  result(options?: WatchOptions): Promise<T>
}

export function makeTask<T>(
  session: Session,
  taskId: TaskId,
  stored: StoredTask,
  past: readonly TaskProgress[] = []
): Task<T> {
  const { scAddr, inputHash, sender, fragment, createdAtMs } = stored
  let finished: Promise<Finished> | undefined
  return {
    taskId,
    scAddr,
    inputHash,
    sender,
    functionName: fragment === null ? null : functionNameOf(fragment),
    createdAtMs,
    events: { [Symbol.asyncIterator]: () => replay(past, watchTask(session, taskId)) },
    async result({ signal } = {}) {
      if (signal !== undefined) return decoded(await drain(watchTask(session, taskId, { signal })), stored) as T
      finished ??= drain(watchTask(session, taskId))
      finished.catch(() => (finished = undefined)) // a node that was away may be back at the next call
      return decoded(await finished, stored) as T
    }
  }
}

/** `function add(uint256 a)` -> `add` */
const functionNameOf = (fragment: string): string => /^function ([^(]+)/.exec(fragment)?.[1] ?? fragment

/** What was reported while the task was made, then the rest. */
async function* replay(
  past: readonly TaskProgress[],
  live: AsyncGenerator<TaskProgress, Finished>
): AsyncGenerator<TaskProgress, void> {
  yield* past
  let known = past
  for await (const progress of live) {
    if (progress.undone !== undefined) known = [] // what comes now comes anew
    if (!known.some(({ stage }) => stage === progress.stage)) yield progress
  }
}

async function drain(stages: AsyncGenerator<TaskProgress, Finished>): Promise<Finished> {
  for (;;) {
    const { done, value } = await stages.next()
    if (done) return value
  }
}

function decoded({ record, answer, error }: Finished, stored: StoredTask): unknown {
  if (error !== null) throw error
  if (stored.fragment === null) return record.scAddr // a deployment's result is the contract's address
  if (answer?.output) return decodeResult(stored.fragment, answer.output)
  throw new ClientError({ code: 'OUTPUT_UNREADABLE', taskId: record.taskId }, 'The output of the task has no key here.')
}
