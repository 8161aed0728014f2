import type { LogDescription } from 'ethers'
import {
  address,
  hash,
  scAddr,
  taskId,
  type Address,
  type Hash,
  type Hex,
  type ScAddr,
  type TaskId
} from '@enigma/protocol'
import type { Chain } from '../chain/chain.ts'
import { parseLog, topicOf, type EnigmaEvent } from '../chain/contracts.ts'

/** How a task ended, as anybody can read it on chain. */
export interface ReceiptSummary {
  readonly taskId: TaskId
  readonly outcome: 'verified' | 'failed' | 'callback-failed' | 'returned'
  readonly block: number
  readonly transactionHash: Hex
  /** Null for a fee that was returned: nobody ran the task. */
  readonly scAddr: ScAddr | null
  readonly operator: Address | null
  readonly outputHash: Hash | null
  readonly gasUsed: bigint | null
}

const OUTCOMES = {
  ReceiptVerified: 'verified',
  ReceiptFailed: 'failed',
  ReceiptFailedETH: 'callback-failed',
  TaskFeeReturned: 'returned'
} as const satisfies Partial<Record<EnigmaEvent, ReceiptSummary['outcome']>>
const TOPICS = (Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[]).map(topicOf)

/** The latest receipts, newest first: of the last `blocks` blocks, `limit` at most. */
export async function recentReceipts(chain: Chain, limit: number, blocks: number): Promise<ReceiptSummary[]> {
  const head = await chain.blockNumber()
  const logs = await chain.logs([TOPICS], Math.max(0, head - blocks + 1))
  return logs
    .slice(-limit)
    .reverse()
    .flatMap(log => {
      const event = parseLog(log)
      return event === null ? [] : [summaryOf(event, log.blockNumber, log.transactionHash as Hex)]
    })
}

function summaryOf({ name, args }: LogDescription, block: number, transactionHash: Hex): ReceiptSummary {
  const returned = name === 'TaskFeeReturned'
  return {
    taskId: taskId(args.taskId as string),
    outcome: OUTCOMES[name as keyof typeof OUTCOMES],
    block,
    transactionHash,
    scAddr: returned ? null : scAddr(args.scAddr as string),
    operator: returned ? null : address(args.operator as string),
    outputHash: returned ? null : hash(args.outputHash as string),
    gasUsed: returned ? null : (args.gasUsed as bigint)
  }
}
