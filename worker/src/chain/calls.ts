import type { Hex, Receipt, SeatProof, TaskId } from '@enigma/protocol'
import { toHex } from '@enigma/protocol'
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

export function commitReceiptData(
  receipt: Receipt,
  task: ChainTask,
  seat: number,
  { leaf, siblings }: SeatProof,
  signature: Uint8Array
): Hex {
  const proof = {
    index: leaf.index,
    stake: leaf.stake,
    siblingHashes: siblings.map(node => node.hash),
    siblingSums: siblings.map(node => node.sum)
  }
  return encode('commitReceipt', [receipt, recordOf(task), seat, proof, toHex(signature)])
}

export const returnFeesData = (taskId: TaskId, task: ChainTask): Hex =>
  encode('returnFeesForTask', [taskId, recordOf(task)])

export const encode = (name: string, args: readonly unknown[]): Hex =>
  enigmaInterface.encodeFunctionData(name, [...args]) as Hex
