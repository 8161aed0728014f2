import { openAccount, type AccountOptions } from './account/account.ts'
import { taskState, type TaskState } from './actions.ts'
import type { Chain } from './chain/chain.ts'
import { topicOf } from './chain/contracts.ts'
import { openChain, type NetworkOptions } from './connect.ts'
import { standings, type Standing } from './network/standings.ts'
import type { Timeouts } from './session.ts'
import { refund, type Refund } from './task/refund.ts'
import type { WatchOptions } from './task/watch.ts'

export type ChainClientOptions = AccountOptions & {
  readonly network: Pick<NetworkOptions, 'enigma' | 'mode'>
  readonly timeouts?: Partial<Timeouts>
}

/** What can be seen and done with an Ethereum node alone, though every worker may be down. */
export interface ChainClient {
  /** What the chain says of any task. */
  getTask(taskId: string): Promise<TaskState>
  /** Sends the fee of an expired task back to its sender. */
  refund(taskId: string, options?: WatchOptions): Promise<Refund>
  /** All registered workers with stake, earnings and uptime, best first. */
  standings(): Promise<Standing[]>
  /** The current epoch; 0 before the first one. */
  currentEpoch(): Promise<number>
  close(): void
}

const TIMEOUTS: Timeouts = { pollMs: 500, transactionMs: 180_000, stalledMs: 120_000, resultMs: 60_000 }
const MAX_RANGE = 50_000

/** @throws CHAIN_UNREACHABLE, ENIGMA_NOT_FOUND, ENIGMA_MODE_FOREIGN, CLIENT_SETTING */
export async function createChainClient(options: ChainClientOptions): Promise<ChainClient> {
  const account = await openAccount(options)
  try {
    const chain = await openChain(account, { ...options.network, rpc: [] })
    const session = { account, chain, timeouts: { ...TIMEOUTS, ...options.timeouts } }
    return {
      getTask: id => taskState(session, id),
      refund: (id, watching) => refund(session, id, watching),
      standings: async () => standings(chain, await deploymentBlock(chain)),
      currentEpoch: () => chain.currentEpoch(),
      close: () => account.close()
    }
  } catch (error) {
    account.close()
    throw error
  }
}

/** In which the contract was made: its constructor emits AttestationModeFixed, once. No worker is asked for it. */
async function deploymentBlock(chain: Chain): Promise<number> {
  const topics = [topicOf('AttestationModeFixed')]
  const head = await chain.blockNumber()
  const whole = await chain.logs(topics, 0, head).catch(() => null) // some nodes bound the range: then step by step
  if (whole?.[0]) return whole[0].blockNumber
  for (let from = 0; from <= head; from += MAX_RANGE) {
    const [found] = await chain.logs(topics, from, Math.min(head, from + MAX_RANGE - 1))
    if (found) return found.blockNumber
  }
  return 0
}
