import {
  TaskStatus,
  outputHashOf,
  recoverSigner,
  typedDigest,
  type Address,
  type ReleasedResult,
  type SeatStatus,
  type TaskId
} from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import { holdsRecentSeat } from './rules.ts'

/** Distinct enclaves that hold a seat of a task, in the order of their lowest seats. */
export function seatSigners(
  chain: Pick<ChainReader, 'seats'>,
  epoch: number,
  scAddr: ChainTask['scAddr']
): readonly Address[] {
  return [...new Set(chain.seats(epoch, scAddr).map(leaf => leaf.signer))]
}

/** Whether the task has a result that may be shown: a receipt of success or failure, CONF blocks deep (R8). */
export function hasFinalReceipt(chain: Pick<ChainReader, 'facts' | 'task' | 'head'>, taskId: TaskId): boolean {
  const settled = chain.task(taskId)?.settlement
  if (!settled) return false
  const { status, block } = settled
  const hasResult = status === TaskStatus.ReceiptVerified || status === TaskStatus.ReceiptFailed
  return hasResult && chain.head().number - block + 1 >= chain.facts.confirmations
}

/**
 * What is wrong with a result that a peer gave for a task, or null: it is the one whose receipt the chain accepted, an
 * enclave of one of the task's seats signed that receipt, and the ciphertext is the one the receipt names.
 */
export function resultFault(
  chain: Pick<ChainReader, 'facts' | 'task' | 'seats' | 'head'>,
  taskId: TaskId,
  { receipt, signature, result }: ReleasedResult,
  signer?: Address | null
): string | null {
  const task = chain.task(taskId)
  const settled = task?.settlement
  if (!task || !settled) return 'the chain has no receipt for the task'
  if (!hasFinalReceipt(chain, taskId)) return 'it is not final, or has no result'
  const digest = typedDigest(chain.facts, 'Receipt', receipt)
  if (digest !== settled.digest) return 'its receipt is not the one on chain' // every field of it is in the digest
  const who = signer ?? signerOf(digest, signature)
  if (!seatSigners(chain, task.epoch, task.scAddr).some(seat => seat === who)) return 'no seat signed its receipt'
  if (outputHashOf(result) !== receipt.outputHash) return 'the ciphertext is not the one of its receipt'
  return null
}

/** Whether anybody at all signed the receipt. */
export const hasSignature = (chain: Pick<ChainReader, 'facts'>, { receipt, signature }: ReleasedResult): boolean =>
  signerOf(typedDigest(chain.facts, 'Receipt', receipt), signature) !== null

/** Whether a seat of the receipt's contract, now or a few epochs ago, signed it: what can be said of a receipt not on chain yet. */
export function hasSeatSignature(
  chain: Pick<ChainReader, 'facts' | 'currentEpoch' | 'seats'>,
  { receipt, signature }: ReleasedResult
): boolean {
  const signer = signerOf(typedDigest(chain.facts, 'Receipt', receipt), signature)
  return signer !== null && holdsRecentSeat(chain, receipt.scAddr, signer)
}

/** Whether a seat's status is its own, and an acceptance in it was signed by its enclave. */
export function isGenuine(
  chain: Pick<ChainReader, 'facts'>,
  task: Pick<ChainTask, 'taskId' | 'inputHash'>,
  seat: SeatStatus,
  signer: Address
): boolean {
  if (seat.signer !== signer) return false
  if (!seat.accepted) return true
  const { recordBlock, signature } = seat.accepted
  const accepted = { taskId: task.taskId, inputHash: task.inputHash, recordBlock }
  return signerOf(typedDigest(chain.facts, 'TaskAccepted', accepted), signature) === signer
}

function signerOf(digest: Parameters<typeof recoverSigner>[0], signature: Uint8Array): Address | null {
  try {
    return recoverSigner(digest, signature)
  } catch {
    return null
  }
}
