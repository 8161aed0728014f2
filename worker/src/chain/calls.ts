import type { Hex, Receipt, SeatProof, TaskId } from '@enigma/protocol'
import { ZERO_ADDRESS, ZERO_HASH, toHex } from '@enigma/protocol'
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

const hasCallback = ({ callbackTarget, callbackDataHash, callbackGas }: Receipt): boolean =>
  callbackTarget !== ZERO_ADDRESS || callbackDataHash !== ZERO_HASH || callbackGas !== 0

export function commitReceiptData(
  receipt: Receipt,
  task: ChainTask,
  seat: number,
  { leaf, siblings }: SeatProof,
  signature: Uint8Array,
  callbackData: Uint8Array = new Uint8Array()
): Hex {
  const proof = {
    index: leaf.index,
    stake: leaf.stake,
    siblingHashes: siblings.map(node => node.hash),
    siblingSums: siblings.map(node => node.sum)
  }
  const record = recordOf(task)
  if (!hasCallback(receipt)) return encode('commitReceipt', [receipt, record, seat, proof, toHex(signature)])
  const item = { receipt, record, seat, proof, signature: toHex(signature), callbackData: toHex(callbackData) }
  return encode('commitReceiptWithCallback', [item])
}

export const returnFeesData = (taskId: TaskId, task: ChainTask): Hex =>
  encode('returnFeesForTask', [taskId, recordOf(task)])

export const encode = (name: string, args: readonly unknown[]): Hex =>
  enigmaInterface.encodeFunctionData(name, [...args]) as Hex
