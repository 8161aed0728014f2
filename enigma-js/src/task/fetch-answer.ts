import { ZERO_ADDRESS, fromHex } from '@enigma/protocol'
import type { Settlement, TaskRecord } from '../chain/tasks.ts'
import { ClientError, TaskFailedError } from '../errors.ts'
import { callWorker } from '../rpc/call.ts'
import type { Session } from '../session.ts'
import { backoff, isAbort, sleep } from '../waiting.ts'
import { reasonName, verifyAnswer, type Answer } from './answer.ts'
import { inEng } from './amounts.ts'
import type { StoredTask } from './store.ts'

export type Receipted = Exclude<Settlement, { outcome: 'returned' }>

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  /** The chain was just reorganised: a worker that answers for another branch may be honest, and is asked again. */
  readonly isReorganised?: boolean
}

/**
 * The verified answer of a settled task, from whichever worker gives a good one first.
 *
 * @throws RESULT_UNAVAILABLE if none hands it out in time; what `verifyAnswer` refuses, if only such answers came.
 */
export async function fetchAnswer(
  session: Session,
  record: TaskRecord,
  settlement: Receipted,
  stored: StoredTask | null,
  { signal, isReorganised = false }: FetchOptions = {}
): Promise<Answer> {
  const { workers, timeouts } = session
  const until = Date.now() + timeouts.resultMs
  const pause = backoff(100, 2_000)
  for (;;) {
    let refused: unknown
    for (const url of workers.urls) {
      try {
        const answer = await askOne(session, url, record, settlement, stored, signal)
        if (answer !== null) return answer
      } catch (error) {
        if (isAbort(error, signal)) throw error
        if (isRefusal(error)) refused ??= error
      }
    }
    // A worker that lies is not asked twice; one that has nothing yet is.
    const isOnlyOne = workers.urls.length === 1 && !isReorganised
    if (refused !== undefined && (isOnlyOne || Date.now() > until)) throw refused as Error
    if (Date.now() > until) throw unavailable(record, timeouts.resultMs)
    await sleep(pause(), signal)
  }
}

async function askOne(
  { chain, domain }: Session,
  url: string,
  record: TaskRecord,
  settlement: Receipted,
  stored: StoredTask | null,
  signal?: AbortSignal
): Promise<Answer | null> {
  const answer = await callWorker(url, 'getTaskResult', { taskId: record.taskId }, { signal })
  if (answer === null) return null
  const seats = stored?.seats ?? null
  const cek = stored === null ? null : fromHex(stored.cek, 32)
  const verified = verifyAnswer(answer, {
    domain,
    record,
    receiptDigest: settlement.receiptDigest,
    seats,
    cek,
    traced: stored?.trace ?? false
  })
  // Without the task's seats at hand: at least an enclave that is registered here. The chain vouches for the receipt itself.
  if (seats === null && (await chain.operatorOf(verified.signer)) === ZERO_ADDRESS) {
    throw new ClientError(
      { code: 'RECEIPT_SIGNER_WRONG', signer: verified.signer },
      'The receipt is not signed by an enclave of this network.'
    )
  }
  return verified
}

const isRefusal = (error: unknown): boolean =>
  error instanceof ClientError &&
  ['RECEIPT_WRONG', 'RECEIPT_SIGNER_WRONG', 'OUTPUT_HASH_WRONG', 'OUTPUT_UNREADABLE'].includes(error.code)

const unavailable = ({ taskId }: TaskRecord, afterMs: number): ClientError =>
  new ClientError(
    { code: 'RESULT_UNAVAILABLE', taskId },
    `The task is settled on chain, but no worker handed out its output within ${Math.round(afterMs / 1000)} s.`
  )

const CALLBACK_FAILURES: Readonly<Record<number, string>> = {
  1: 'its target may not be called',
  2: 'there is no contract at its target',
  3: 'the contract it called reverted, or ran out of the gas that was set for it'
}

/** The error of a task whose Ethereum callback failed: its run does not count, and its result never comes out (R8, R13). */
export function callbackError(record: TaskRecord, { reason, gasUsed }: Receipted): TaskFailedError {
  const { taskId } = record
  const refunded = (record.gasLimit - gasUsed) * record.gasPx
  return new TaskFailedError(
    { code: 'TASK_CALLBACK_FAILED', taskId, callbackFailure: reason, gasUsed, refunded },
    `The task's call into Ethereum failed: ${CALLBACK_FAILURES[reason] ?? `reason ${reason}`}. Nothing of the task was applied.`,
    { hint: `It used ${gasUsed} of ${record.gasLimit} gas; ${inEng(refunded)} ENG of its fee went back.` }
  )
}

/** The error of a task whose receipt says that it failed. */
export function failedError(
  record: TaskRecord,
  { reason, gasUsed }: Receipted,
  readable: string | null
): TaskFailedError {
  const name = reasonName(reason)
  const refunded = (record.gasLimit - gasUsed) * record.gasPx
  return new TaskFailedError(
    { code: 'TASK_FAILED', taskId: record.taskId, reason, reasonName: name, readable, gasUsed, refunded },
    `The task failed (${name})${readable ? `: ${readable}` : '.'}`,
    { hint: `It used ${gasUsed} of ${record.gasLimit} gas; ${inEng(refunded)} ENG of its fee went back.` }
  )
}
