import type { Domain } from '@enigma/protocol'
import type { Account } from './account/account.ts'
import type { Chain } from './chain/chain.ts'
import type { QueryKeys } from './query/query-keys.ts'
import type { Workers } from './rpc/workers.ts'
import type { SeatFinder } from './seats/find.ts'
import type { Permit } from './task/permit.ts'
import type { TaskStore } from './task/store.ts'
import type { Mutex } from './waiting.ts'

/** Limits of waiting, in milliseconds. */
export interface Timeouts {
  /** Between two looks at the chain. */
  readonly pollMs: number
  /** For a transaction to be in a block. */
  readonly transactionMs: number
  /** Without any new block: the chain has stopped. */
  readonly stalledMs: number
  /** For a settled task's output to be handed out by some worker. */
  readonly resultMs: number
}

/** What the actions of one client share. */
export interface Session {
  readonly account: Account
  readonly chain: Chain
  readonly domain: Domain
  readonly workers: Workers
  readonly seats: SeatFinder
  readonly store: TaskStore
  readonly queryKeys: QueryKeys
  /** CONF: `block - receiptBlock + 1` at which a result is final. */
  readonly confirmations: number
  readonly timeouts: Timeouts
  /** Permits and deployments use counters of the account: one submission at a time. */
  readonly submitting: Mutex
  /** The latest permit that was signed for each fee, in grains. */
  readonly permits: Map<bigint, Permit>
}
