import { TaskStatus, type TaskId } from '@enigma/protocol'
import { callWorker } from 'enigma-js'
import type { FaultNet } from './fault-net.ts'
import type { CountingLoad } from './load.ts'

const STATUS_OF: Readonly<Record<string, number>> = {
  ReceiptVerified: TaskStatus.ReceiptVerified,
  ReceiptFailed: TaskStatus.ReceiptFailed,
  ReceiptFailedETH: TaskStatus.ReceiptFailedETH,
  TaskFeeReturned: TaskStatus.ReceiptFailedReturn
}

/**
 * Asks every worker what it knows of every task of these loads: its record and its end, as the chain has them. An event that a worker
 * missed shows here. Waits a moment for those that the worker is about to read. Gives how many answers were right.
 */
export async function requireAllKnown(net: FaultNet, loads: readonly CountingLoad[]): Promise<number> {
  let known = 0
  for (const load of loads) {
    for (const taskId of await load.tasksSince(load.fromBlock)) {
      for (const { name, httpUrl } of net.devnet.workers) {
        await net.eventually(`${name} to know what the chain says of task ${taskId}`, async () => {
          const { chainStatus } = await callWorker(httpUrl, 'getTaskStatus', { taskId })
          return chainStatus === (await statusOnChain(net, taskId)) ? true : undefined
        })
        known += 1
      }
    }
  }
  return known
}

async function statusOnChain({ ledger }: FaultNet, taskId: TaskId): Promise<number> {
  const [ending] = await ledger.endings(taskId)
  return ending === undefined ? TaskStatus.RecordCreated : STATUS_OF[ending]!
}
