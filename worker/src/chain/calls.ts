import type { Hex, Receipt, SeatProof, TaskId } from '@enigma/protocol'
import { TaskKind, ZERO_ADDRESS, ZERO_HASH, toHex } from '@enigma/protocol'
import { enigmaInterface } from './enigma-abi.ts'
import type { ChainTask } from './reader.ts'

/** Call data of the transactions a node sends. */

const recordOf = ({ kind, scAddr, codeHash, inputHash, gasLimit, gasPx, epoch }: ChainTask) => ({
  kind,
  scAddr,
  codeHash,
  inputHash,
  gasLimit,
  gasPx,
  epoch
})

export const hasCallback = ({ callbackTarget, callbackDataHash, callbackGas }: Receipt): boolean =>
  callbackTarget !== ZERO_ADDRESS || callbackDataHash !== ZERO_HASH || callbackGas !== 0

/** Everything that settles one task. */
export interface CommitItem {
  readonly receipt: Receipt
  readonly task: ChainTask
  readonly seat: number
  readonly proof: SeatProof
  readonly signature: Uint8Array
  readonly callbackData: Uint8Array // empty without a callback
}

const proofOf = ({ leaf, siblings }: SeatProof) => ({
  index: leaf.index,
  stake: leaf.stake,
  siblingHashes: siblings.map(node => node.hash),
  siblingSums: siblings.map(node => node.sum)
})

const itemOf = ({ receipt, task, seat, proof, signature, callbackData }: CommitItem) => ({
  receipt,
  record: recordOf(task),
  seat,
  proof: proofOf(proof),
  signature: toHex(signature),
  callbackData: toHex(callbackData)
})

/** A receipt that comes alone: whatever stands against it reverts, and says what it is. */
export function commitReceiptData(item: CommitItem): Hex {
  const { receipt, record, seat, proof, signature } = itemOf(item)
  if (hasCallback(receipt)) return encode('commitReceiptWithCallback', [itemOf(item)])
  return encode('commitReceipt', [receipt, record, seat, proof, signature])
}

/** Several receipts, in order; one that others have overtaken is passed over. Only the last may have a callback. */
export const commitReceiptsData = (items: readonly CommitItem[]): Hex => encode('commitReceipts', [items.map(itemOf)])

/** What the gateway wants to have left before it calls (R13): contracts/CallbackGateway.sol. */
const GATEWAY_RESERVE = 30_000n
/** Bookkeeping after the call, and the 64th part that each of the calls on the way keeps back. */
const AROUND_CALLBACK = 60_000n
const PER_CALLBACK_BYTE = 40n
/** Well above what docs/measurements.md has for a receipt of each kind, at any number of workers. */
const PER_TRANSACTION = 60_000n
const PER_RECEIPT = 130_000n
const PER_LEVEL = 2_500n // of the stake tree
const PER_DEPLOYMENT = 60_000n

function gasOf({ receipt, proof, callbackData }: CommitItem): bigint {
  const gas =
    PER_RECEIPT + PER_LEVEL * BigInt(proof.siblings.length) + (receipt.kind === TaskKind.deploy ? PER_DEPLOYMENT : 0n)
  if (!hasCallback(receipt)) return gas
  const callback = (BigInt(receipt.callbackGas) * 64n) / 63n + GATEWAY_RESERVE + AROUND_CALLBACK
  return gas + (callback * 64n) / 63n + PER_CALLBACK_BYTE * BigInt(callbackData.length)
}

/** Gas with which receipts can be committed together, and the last one's callback be made. */
export const commitGas = (items: readonly CommitItem[]): bigint =>
  items.reduce((sum, item) => sum + gasOf(item), PER_TRANSACTION)

export const returnFeesData = (taskId: TaskId, task: ChainTask): Hex =>
  encode('returnFeesForTask', [taskId, recordOf(task)])

export const encode = (name: string, args: readonly unknown[]): Hex =>
  enigmaInterface.encodeFunctionData(name, [...args]) as Hex
