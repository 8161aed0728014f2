import {
  ZERO_ADDRESS,
  ZERO_HASH,
  fromHex,
  outputHashOf,
  taskId as taskIdFrom,
  toHex,
  type Hash,
  type TaskId
} from '@enigma/protocol'
import { settlementOf, taskRecord, taskSlots } from '../chain/tasks.ts'
import { ClientError } from '../errors.ts'
import { callWorker } from '../rpc/call.ts'
import type { Session } from '../session.ts'
import { verifyAnswer } from '../task/answer.ts'
import { fetchAnswer } from '../task/fetch-answer.ts'
import { unknownTask } from '../task/watch.ts'
import { backoff, sleep } from '../waiting.ts'
import {
  ENG_STATUS_ETHEREUMFAILURE,
  ENG_STATUS_FAILED,
  ENG_STATUS_INPROGRESS,
  ENG_STATUS_SUCCESS,
  ENG_STATUS_UNVERIFIED,
  ETH_STATUS_CREATED,
  ETH_STATUS_VERIFIED,
  GET_TASK_RESULT_ETHEREUMFAILURE,
  GET_TASK_RESULT_FAILED,
  GET_TASK_RESULT_INPROGRESS,
  GET_TASK_RESULT_SUCCESS,
  GET_TASK_RESULT_UNVERIFIED
} from './constants.ts'
import type { Emitter } from './emitter.ts'
import type { LegacyTask } from './task.ts'

/** Pauses between questions to a worker, as the original's configuration had them. */
export interface RetryConfig {
  readonly retries: number
  readonly factor: number
  readonly minTimeout: number
  readonly maxTimeout: number
  readonly randomize: boolean
}

export const defaultRetry: RetryConfig = {
  retries: 5,
  factor: 2,
  minTimeout: 2_000,
  maxTimeout: Infinity,
  randomize: true
}

export function requireTaskId({ taskId }: Pick<LegacyTask, 'taskId'>): TaskId {
  if (taskId === null) throw unknownTask('null')
  return taskIdFrom(taskId)
}

/** Reads what Ethereum says of a task into its fields. */
export async function readRecordStatus(session: Session, task: LegacyTask): Promise<LegacyTask> {
  const { status } = await taskSlots(session.chain, requireTaskId(task))
  task.ethStatus = status
  return task
}

/** A task's public fields from the chain alone. @throws TASK_UNKNOWN */
export async function recordFromTaskId(session: Session, id: string): Promise<Partial<LegacyTask>> {
  const found = await taskRecord(session.chain, taskIdFrom(id))
  if (found === null) throw unknownTask(id)
  const { record, slots } = found
  const { taskId, scAddr, sender, inputHash, gasLimit, gasPx, recordBlock, transactionHash } = record
  const fields = { taskId, scAddr, sender, inputHash, gasLimit, gasPx, transactionHash }
  return {
    ...fields,
    ethStatus: slots.status,
    creationBlockNumber: recordBlock,
    outputHash: await outputHash(session, id)
  }
}

/** The output's hash on chain; zero while there is none. */
export async function outputHash(session: Session, id: string): Promise<Hash> {
  const found = await taskRecord(session.chain, taskIdFrom(id))
  const settlement = found === null ? null : await settlementOf(session.chain, found.record)
  return settlement === null || settlement.outcome === 'returned' ? ZERO_HASH : settlement.outputHash
}

const EVENT_OF: Readonly<Record<string, string>> = {
  [ENG_STATUS_UNVERIFIED]: GET_TASK_RESULT_UNVERIFIED,
  [ENG_STATUS_INPROGRESS]: GET_TASK_RESULT_INPROGRESS,
  [ENG_STATUS_SUCCESS]: GET_TASK_RESULT_SUCCESS,
  [ENG_STATUS_FAILED]: GET_TASK_RESULT_FAILED,
  [ENG_STATUS_ETHEREUMFAILURE]: GET_TASK_RESULT_ETHEREUMFAILURE
}
const SETTLED: readonly (string | null)[] = [ENG_STATUS_SUCCESS, ENG_STATUS_FAILED, ENG_STATUS_ETHEREUMFAILURE]

/** Asks workers for a result, with pauses while they know of none; checks it against the chain; fills in the task's fields. */
export async function fetchResult(
  session: Session,
  task: LegacyTask,
  retry: RetryConfig,
  emitter: Emitter
): Promise<LegacyTask> {
  const taskId = requireTaskId(task)
  for (let attempt = 0; ; attempt++) {
    const { status } = await session.workers.call('getTaskStatus', { taskId })
    if (status !== null) {
      task.engStatus = readStatus(status)
      break
    }
    if (attempt >= retry.retries) throw unavailable(taskId)
    const pause = Math.min(retry.maxTimeout, retry.minTimeout * retry.factor ** attempt)
    await sleep(retry.randomize ? pause * (1 + Math.random()) : pause)
  }
  if (SETTLED.includes(task.engStatus)) await fillIn(session, task, taskId)
  emitter.emit('getTaskResultResult', task)
  emitter.emit(EVENT_OF[task.engStatus!]!, task)
  return task
}

/** @throws WORKER_ANSWER_WRONG for a status that there is not. */
function readStatus(status: string): NonNullable<LegacyTask['engStatus']> {
  if (status in EVENT_OF) return status as NonNullable<LegacyTask['engStatus']>
  throw new ClientError({ code: 'WORKER_ANSWER_WRONG', url: 'rpc', what: 'status' }, 'Invalid task result status', {
    hint: 'The worker speaks another version of the protocol.'
  })
}

const unavailable = (taskId: string): ClientError =>
  new ClientError({ code: 'RESULT_UNAVAILABLE', taskId }, 'No worker knows of a result for this task.', {
    hint: 'It may not have been settled yet: ask again later.'
  })

async function fillIn(session: Session, task: LegacyTask, taskId: TaskId): Promise<void> {
  const { chain, store } = session
  const found = await taskRecord(chain, taskId)
  const settlement = found === null ? null : await settlementOf(chain, found.record)
  if (found === null || settlement === null || settlement.outcome === 'returned') return // the worker is ahead of our node
  const answer = await fetchAnswer(session, found.record, settlement, await store.byTaskId(taskId))
  const { receipt, signer, ciphertext } = answer
  task.ethStatus = found.slots.status
  task.outputHash = receipt.outputHash
  task.encryptedAbiEncodedOutputs = toHex(ciphertext)
  task.delta = receipt.deltaHash
  task.usedGas = receipt.gasUsed
  task.ethereumPayload = receipt.callbackTarget === ZERO_ADDRESS ? null : receipt.callbackDataHash
  task.ethereumAddress = receipt.callbackTarget === ZERO_ADDRESS ? null : receipt.callbackTarget
  task.workerAddress = signer
  const raw = await session.workers.call('getTaskResult', { taskId })
  task.workerTaskSig = raw?.signature ?? null
  task.proof = raw?.signature ?? null
  task.networkResult = raw
}

/**
 * Decrypts the output that `getTaskResult` left in the task: raw bytes as 0x hex, for the caller to decode; null if it is empty.
 *
 * @throws OUTPUT_UNREADABLE without the task's key, or where it does not fit.
 */
export async function decrypt(session: Session, task: LegacyTask): Promise<LegacyTask> {
  const taskId = requireTaskId(task)
  const [found, stored] = await Promise.all([taskRecord(session.chain, taskId), session.store.byTaskId(taskId)])
  if (found === null) throw unknownTask(taskId)
  if (stored === null || task.networkResult === null || task.encryptedAbiEncodedOutputs === null) {
    throw new ClientError(
      { code: 'OUTPUT_UNREADABLE', taskId },
      'There is nothing to decrypt, or no key to do it with.',
      {
        hint: 'Call getTaskResult first, on the client that sent the task.'
      }
    )
  }
  const { record, slots } = found
  const { domain } = session
  const cek = fromHex(stored.cek, 32)
  const result = { ...task.networkResult, result: task.encryptedAbiEncodedOutputs }
  const expected = { domain, record, receiptDigest: slots.slot1, seats: stored.seats, cek, traced: false }
  const { output } = verifyAnswer(result, expected)
  task.decryptedOutput = output === null || output.length === 0 ? null : toHex(output)
  return task
}

export const outputIsRecorded = async (session: Session, task: LegacyTask): Promise<boolean> =>
  task.encryptedAbiEncodedOutputs !== null &&
  outputHashOf(fromHex(task.encryptedAbiEncodedOutputs)) === (await outputHash(session, requireTaskId(task)))

export const isVerified = async (session: Session, task: LegacyTask): Promise<boolean> =>
  (await taskSlots(session.chain, requireTaskId(task))).status === ETH_STATUS_VERIFIED

/** Asks for a task's status until the network has settled it, with pauses from 250 ms to 4 s. Ends after its deadline. */
export async function pollStatus(session: Session, task: LegacyTask, each: (task: LegacyTask) => void): Promise<void> {
  const taskId = requireTaskId(task)
  const pause = backoff(250, 4_000)
  for (;;) {
    const { status } = await session.workers.call('getTaskStatus', { taskId })
    task.engStatus = status === null ? null : readStatus(status)
    each(task)
    if (SETTLED.includes(status) || (await isOver(session, taskId))) return
    await sleep(pause())
  }
}

/** Reads the status on Ethereum until it is no longer open. */
export async function pollEthereum(session: Session, task: LegacyTask, intervalMs: number): Promise<LegacyTask> {
  const taskId = requireTaskId(task)
  for (;;) {
    await readRecordStatus(session, task)
    if (task.ethStatus !== ETH_STATUS_CREATED || (await isOver(session, taskId))) return task
    await sleep(intervalMs)
  }
}

/** Some blocks after the deadline nothing is going to happen any more but a refund that somebody sends by hand. */
const PATIENCE_BLOCKS = 10

async function isOver({ chain }: Session, taskId: TaskId): Promise<boolean> {
  const [{ recordBlock }, head, period] = await Promise.all([
    taskSlots(chain, taskId),
    chain.blockNumber(),
    chain.taskPeriod()
  ])
  return head > recordBlock + period + PATIENCE_BLOCKS
}

/** A worker's evidence, from the worker itself. */
export async function reportOf(session: Session, operator: string): Promise<object | null> {
  for (const url of session.workers.urls) {
    const info = await callWorker(url, 'getInfo', {}).catch(() => null)
    if (info?.operator === operator.toLowerCase()) return info.attested
  }
  return null
}
