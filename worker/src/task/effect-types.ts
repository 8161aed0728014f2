import type { Hash, ReleasedResult } from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import type { FindReceipt } from '../chain/receipt-finder.ts'
import type { TxSender } from '../chain/tx-sender.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { Logger } from '../ops/log.ts'
import type { Precedence } from '../ops/precedence.ts'
import type { ContentStore, DeltaSync } from '../sync/interfaces.ts'
import { WorkerError } from '../errors.ts'
import type { Committer } from './committer.ts'
import type { EnclaveFeed } from './feed.ts'
import type { EnvelopeStore } from './envelope-store.ts'
import type { Unsettled } from './lane.ts'
import type { Effect, Task, TaskEventIn } from './machine.ts'
import type { StoredRun, TaskStore } from './task-store.ts'
import type { ChainViews } from './views.ts'

/** What an effect has to say: the event, and the bytes that belong on disk with it. */
export interface Outcome {
  readonly event: TaskEventIn
  readonly run?: { readonly digest: Hash; readonly run: StoredRun }
  readonly result?: ReleasedResult
}

export interface EffectContext {
  readonly signal: AbortSignal // aborted when the task leaves the state that wants the effect
  /** Tells something on the way; resolves when it is on disk. */
  tell(event: TaskEventIn): Promise<void>
  /** This worker's unsettled runs of the same contract, as they stand now. */
  unsettled(): readonly Unsettled[]
  /** Tasks of the same contract whose receipts this worker will have soon. */
  coming(): number
}

/** Does something for a task. Null: nothing to say. What it throws is tried again after a pause. */
export type RunEffect = (task: Task, context: EffectContext) => Promise<Outcome | null>
export type Effects = Readonly<Record<Effect, RunEffect>>

export interface EffectParts {
  readonly chain: ChainReader
  readonly enclave: Enclave
  readonly views: ChainViews
  readonly feed: EnclaveFeed
  readonly envelopes: Pick<EnvelopeStore, 'get'>
  readonly store: TaskStore
  readonly content: Pick<ContentStore, 'getBytecode'>
  readonly sync: Pick<DeltaSync, 'push'>
  readonly findReceipt: FindReceipt
  readonly sender: Pick<TxSender, 'send'>
  readonly committer: Pick<Committer, 'commit'>
  readonly precedence: Pick<Precedence, 'giveWay'>
  readonly log: Logger
  readonly alarm: (code: string, message: string) => void
  readonly reachSigned: () => void // crash point
}

/** @throws TASK_UNKNOWN */
export function recordOf(chain: Pick<ChainReader, 'task'>, { facts }: Task): ChainTask {
  const found = chain.task(facts.taskId)
  if (found) return found
  throw new WorkerError({ code: 'TASK_UNKNOWN', taskId: facts.taskId }, 'The task is not in the index.')
}
