import {
  TaskKind,
  TaskStatus,
  toHex,
  type Address,
  type Hash,
  type Hex,
  type ScAddr,
  type TaskId,
  type TaskTrace
} from '@enigma/protocol'
import { settlementOf, taskRecord, type Settlement, type TaskRecord } from '../chain/tasks.ts'
import type { Session } from '../session.ts'
import { fetchAnswer } from './fetch-answer.ts'
import { readTaskId, unknownTask, type WatchOptions } from './watch.ts'

/** What each party of a task has seen of it, so that a page can show that nobody but the drawn enclaves could read it. */
export interface TaskInspection {
  readonly taskId: TaskId
  readonly kind: 'deployment' | 'call'
  readonly scAddr: ScAddr
  readonly sender: Address
  readonly epoch: number
  /** What the entry worker, and whoever listens, saw: bytes. Null parts are known to the requester's client only. */
  readonly input: { readonly inputHash: Hash; readonly bytes: number | null; readonly sample: Hex | null }
  /** Enclaves that hold a key to the input; null for somebody else's task. */
  readonly seats: readonly Address[] | null
  /** What Ethereum saw first. */
  readonly record: TaskRecord
  /** What Ethereum saw last; null while the task is open. */
  readonly settlement: Settlement | null
  /** What the network hands out; null while there is nothing. */
  readonly answer: {
    readonly signer: Address
    readonly prevHead: Hash
    /** Zero for a run that changed nothing. */
    readonly deltaHash: Hash
    readonly outputHash: Hash
    readonly ciphertext: Hex
  } | null
  /** What the contract logged, for the requester; null for anybody else, and for a failure. */
  readonly log: readonly string[] | null
  /** What the run did, if the requester asked for it; null for anybody else. */
  readonly trace: TaskTrace | null
}

/** @throws TASK_UNKNOWN, RESULT_UNAVAILABLE, and what `verifyAnswer` refuses. */
export async function inspectTask(
  session: Session,
  id: string,
  { signal }: WatchOptions = {}
): Promise<TaskInspection> {
  const { chain, store } = session
  const taskId = readTaskId(id)
  const [found, stored] = await Promise.all([taskRecord(chain, taskId), store.byTaskId(taskId)])
  if (found === null) throw unknownTask(taskId)
  const { record, slots } = found
  const settlement = slots.status === TaskStatus.RecordCreated ? null : await settlementOf(chain, record)
  const answered =
    settlement === null || settlement.outcome === 'returned' || settlement.outcome === 'callback-failed'
      ? null
      : await fetchAnswer(session, record, settlement, stored, { signal })
  const { scAddr, sender, epoch, inputHash } = record
  return {
    taskId,
    kind: record.kind === TaskKind.deploy ? 'deployment' : 'call',
    scAddr,
    sender,
    epoch,
    input: { inputHash, bytes: stored?.envelopeBytes ?? null, sample: stored?.ciphertextSample ?? null },
    seats: stored?.seats ?? null,
    record,
    settlement,
    answer:
      answered === null
        ? null
        : {
            signer: answered.signer,
            prevHead: answered.receipt.prevHead,
            deltaHash: answered.receipt.deltaHash,
            outputHash: answered.receipt.outputHash,
            ciphertext: toHex(answered.ciphertext)
          },
    log: answered?.log?.map(entry => new TextDecoder().decode(entry)) ?? null,
    trace: answered?.trace ?? null
  }
}
