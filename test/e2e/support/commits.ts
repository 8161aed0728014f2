import type { EventLog, Result } from 'ethers'
import type { Ledger } from './ledger.ts'

/** How a task was settled, by what the chain says. */
export interface Commit {
  readonly block: number
  /** Who earns; lower case. */
  readonly operator: string
  /** The seat that the transaction proved. */
  readonly seat: number
}

/** @throws if the task has no verified receipt */
export async function commitOf({ enigma, provider }: Ledger, taskId: string): Promise<Commit> {
  const [log] = await enigma.queryFilter(enigma.getEvent('ReceiptVerified')(taskId), 0)
  if (log === undefined) throw new Error(`the chain has no receipt of ${taskId}`)
  const { data } = (await provider.getTransaction(log.transactionHash))!
  const { name, args } = enigma.interface.parseTransaction({ data })!
  const items = name === 'commitReceipts' ? [...(args[0] as Result)] : name === 'commitReceipt' ? [args] : [args[0]]
  const item = (items as Result[]).find(one => (one['receipt'] as Result)['taskId'] === taskId)!
  const operator = String((log as EventLog).args['operator']).toLowerCase()
  return { block: log.blockNumber, operator, seat: Number(item['seat']) }
}
