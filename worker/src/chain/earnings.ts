import type { Address } from '@enigma/protocol'
import type { ChainTask } from './reader.ts'

export interface Earnings {
  readonly grains: bigint
  readonly receipts: number
}

/** What an operator's receipts on chain have earned, from the events alone: gasUsed * gasPx of each. Cost: one pass over all tasks. */
export function earningsOf(tasks: Iterable<ChainTask>, operator: Address): Earnings {
  let grains = 0n
  let receipts = 0
  for (const { settlement, gasPx } of tasks) {
    if (settlement?.operator !== operator) continue
    grains += settlement.gasUsed * gasPx
    receipts += 1
  }
  return { grains, receipts }
}
