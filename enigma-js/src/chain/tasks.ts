import type { Log } from 'ethers'
import {
  address,
  hash,
  scAddr,
  taskId as taskIdFrom,
  TaskStatus,
  type Address,
  type Hash,
  type Hex,
  type TaskId,
  type TaskTerms
} from '@enigma/protocol'
import type { Chain } from './chain.ts'
import { parseLog, topicOf } from './contracts.ts'

/** A task as its record stands on chain (R2). */
export interface TaskRecord extends TaskTerms {
  readonly taskId: TaskId
  readonly sender: Address
  readonly recordBlock: number
  readonly recordTime: number // seconds
  readonly transactionHash: Hex
  readonly blockHash: Hash
}

/** How a task ended on chain. */
export type Settlement =
  | {
      readonly outcome: 'verified' | 'failed' | 'callback-failed'
      readonly reason: number // 0 when verified; of a callback 1 forbidden, 2 no contract, 3 reverted
      readonly operator: Address
      readonly outputHash: Hash
      readonly gasUsed: bigint
      readonly receiptDigest: Hash
      readonly block: number
      readonly blockHash: Hash
      readonly transactionHash: Hex
    }
  | {
      readonly outcome: 'returned'
      readonly amount: bigint // grains
      readonly block: number
      readonly blockHash: Hash
      readonly transactionHash: Hex
    }

/** The two slots of a task, and what its status means. */
export interface TaskSlots {
  readonly slot1: Hash
  readonly sender: Address
  readonly recordBlock: number
  readonly recordTime: number
  readonly status: number // TaskStatus
}

export async function taskSlots(chain: Chain, taskId: TaskId): Promise<TaskSlots> {
  const [slot1, sender, recordBlock, recordTime, status] = await chain.read('taskStatus', [taskId])
  return {
    slot1: hash(slot1 as string),
    sender: address(sender as string),
    recordBlock: Number(recordBlock),
    recordTime: Number(recordTime),
    status: Number(status)
  }
}

function recordOf(log: Log, slots: Pick<TaskSlots, 'recordBlock' | 'recordTime'>): TaskRecord {
  const { args } = parseLog(log)!
  return {
    taskId: taskIdFrom(args.taskId as string),
    sender: address(args.sender as string),
    scAddr: scAddr(args.scAddr as string),
    kind: Number(args.kind),
    codeHash: hash(args.codeHash as string),
    inputHash: hash(args.inputHash as string),
    gasLimit: args.gasLimit as bigint,
    gasPx: args.gasPx as bigint,
    epoch: Number(args.epoch),
    recordBlock: slots.recordBlock,
    recordTime: slots.recordTime,
    transactionHash: log.transactionHash as Hex,
    blockHash: hash(log.blockHash)
  }
}

/**
 * The record of a task, or null if there is none.
 *
 * @param likelyBlock where the record probably is: then its event is asked for together with its slots
 */
export async function taskRecord(
  chain: Chain,
  taskId: TaskId,
  likelyBlock?: number
): Promise<{ record: TaskRecord; slots: TaskSlots } | null> {
  const logsFrom = (block: number): Promise<Log[]> => chain.logs([topicOf('TaskRecordCreated'), taskId], block)
  const [slots, likely] = await Promise.all([
    taskSlots(chain, taskId),
    likelyBlock === undefined ? null : logsFrom(likelyBlock)
  ])
  if (slots.status === TaskStatus.RecordUndefined) return null
  const logs = likely !== null && likelyBlock === slots.recordBlock ? likely : await logsFrom(slots.recordBlock)
  const log = logs.find(({ blockNumber }) => blockNumber === slots.recordBlock)
  return log === undefined ? null : { record: recordOf(log, slots), slots } // without it the node is between two forks
}

export interface RecordedInput {
  readonly taskId: TaskId
  readonly transactionHash: Hex
}

/** The task that was recorded for this input in one of the logs, or null. */
export function recordedIn(logs: readonly Log[], chain: Chain, inputHash: Hash): RecordedInput | null {
  for (const log of logs) {
    if (address(log.address) !== chain.enigma || log.topics[0] !== topicOf('TaskRecordCreated')) continue
    const { args } = parseLog(log)!
    if (args.inputHash === inputHash) {
      return { taskId: taskIdFrom(args.taskId as string), transactionHash: log.transactionHash as Hex }
    }
  }
  return null
}

/**
 * Finds the task of an input that was recorded by `sender` at or after `fromBlock`: for a page that was closed in between, and for a
 * wallet that replaced the transaction by another one with a higher gas price.
 */
export async function findRecorded(
  chain: Chain,
  sender: Address,
  inputHash: Hash,
  fromBlock: number
): Promise<RecordedInput | null> {
  const padded = `0x${'00'.repeat(12)}${sender.slice(2)}`
  return recordedIn(await chain.logs([topicOf('TaskRecordCreated'), null, padded], fromBlock), chain, inputHash)
}

/** How a task ended, or null while it is open. No event of it is older than its record. */
export async function settlementOf(
  chain: Chain,
  { taskId, recordBlock }: Pick<TaskRecord, 'taskId' | 'recordBlock'>
): Promise<Settlement | null> {
  const names = ['ReceiptVerified', 'ReceiptFailed', 'ReceiptFailedETH', 'TaskFeeReturned'] as const
  const logs = await chain.logs([names.map(topicOf), taskId], recordBlock)
  const log = logs.at(-1)
  if (log === undefined) return null
  const { name, args } = parseLog(log)!
  const at = { block: log.blockNumber, blockHash: hash(log.blockHash), transactionHash: log.transactionHash as Hex }
  if (name === 'TaskFeeReturned') return { outcome: 'returned', amount: args.amount as bigint, ...at }
  return {
    ...verdictOf(name, args),
    operator: address(args.operator as string),
    outputHash: hash(args.outputHash as string),
    gasUsed: args.gasUsed as bigint,
    receiptDigest: hash(args.receiptDigest as string),
    ...at
  }
}

function verdictOf(
  name: string,
  args: Record<string, unknown>
): Pick<Extract<Settlement, { reason: number }>, 'outcome' | 'reason'> {
  if (name === 'ReceiptVerified') return { outcome: 'verified', reason: 0 }
  if (name === 'ReceiptFailedETH') return { outcome: 'callback-failed', reason: Number(args.callbackFailure) }
  return { outcome: 'failed', reason: Number(args.reason) }
}

/** Blocks after the record in which a receipt is still accepted; the last one is the deadline. */
export const deadlineBlock = async (chain: Chain, recordBlock: number): Promise<number> =>
  recordBlock + (await chain.taskPeriod())

export const isOpen = (slots: TaskSlots): boolean => slots.status === TaskStatus.RecordCreated
