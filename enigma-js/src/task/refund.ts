import { TaskStatus, type Hex } from '@enigma/protocol'
import { requirePayer } from '../account/account.ts'
import { encodeCall } from '../chain/contracts.ts'
import { revertOf } from '../chain/revert.ts'
import { mined, send } from '../chain/send.ts'
import { deadlineBlock, settlementOf, taskRecord } from '../chain/tasks.ts'
import { ClientError } from '../errors.ts'
import type { Session } from '../session.ts'
import { readTaskId, unknownTask, type WatchOptions } from './watch.ts'

export interface Refund {
  readonly amount: bigint // grains, to the sender of the task
  readonly block: number
  readonly transactionHash: Hex
}

const REFUND_GAS = 200_000n

/** All that a refund needs: no worker is asked. */
export type RefundSession = Pick<Session, 'account' | 'chain' | 'timeouts'>

/**
 * Has the whole fee of an expired task sent back to its sender. Anyone may; if somebody did already, that refund is returned.
 *
 * @throws TASK_UNKNOWN, TASK_NOT_EXPIRED, TASK_SETTLED, USER_REJECTED, TX_REVERTED, TX_PENDING
 */
export async function refund(session: RefundSession, id: string, { signal }: WatchOptions = {}): Promise<Refund> {
  const taskId = readTaskId(id)
  const { chain, timeouts } = session
  const found = await taskRecord(chain, taskId)
  if (found === null) throw unknownTask(taskId)
  const { record, slots } = found
  if (slots.status !== TaskStatus.RecordCreated) return alreadyRefunded(session, found)
  const deadline = await deadlineBlock(chain, record.recordBlock)
  const head = await chain.blockNumber()
  if (head < deadline) {
    throw new ClientError(
      { code: 'TASK_NOT_EXPIRED', taskId, deadline },
      `Workers may settle the task until block ${deadline}; the chain is at block ${head}.`
    )
  }
  const payer = requirePayer(session.account)
  const { kind, scAddr, codeHash, inputHash, gasLimit, gasPx, epoch } = record
  const terms = { kind, scAddr, codeHash, inputHash, gasLimit, gasPx, epoch }
  const data = encodeCall('returnFeesForTask', [taskId, terms])
  const what = 'the refund'
  let reason = 'unknown'
  try {
    const transactionHash = await send(payer, { what, to: chain.enigma, data, gas: REFUND_GAS })
    const receipt = await mined(chain, transactionHash, timeouts, signal)
    if (receipt.status === 1) {
      return { amount: record.gasLimit * record.gasPx, block: receipt.blockNumber, transactionHash }
    }
  } catch (error) {
    const revert = revertOf(error)
    if (revert === null) throw error
    reason = revert.name
  }
  // Somebody else was faster: the network itself, most likely.
  const now = await taskRecord(chain, taskId)
  if (now !== null && now.slots.status !== TaskStatus.RecordCreated) return alreadyRefunded(session, now)
  throw new ClientError({ code: 'TX_REVERTED', what, reason }, `Ethereum reverted the refund: ${reason}.`)
}

async function alreadyRefunded(
  { chain }: RefundSession,
  { record, slots }: NonNullable<Awaited<ReturnType<typeof taskRecord>>>
): Promise<Refund> {
  const settlement = await settlementOf(chain, record)
  if (settlement?.outcome === 'returned') {
    const { amount, block, transactionHash } = settlement
    return { amount, block, transactionHash }
  }
  throw new ClientError(
    { code: 'TASK_SETTLED', taskId: record.taskId, status: slots.status },
    'The task has its receipt; its unused fee went back with it.'
  )
}
