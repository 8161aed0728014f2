import type { LogDescription } from 'ethers'
import { address, type Address } from '@enigma/protocol'
import type { Chain } from '../chain/chain.ts'
import { parseLog, topicOf } from '../chain/contracts.ts'
import { Roster, type WorkerRecord } from './roster.ts'

/** A worker among the others, from the chain alone: nobody's word is needed, and no worker has to be up. */
export interface Standing extends WorkerRecord {
  /** 1 for whoever earned most; equal earnings go by stake. */
  readonly rank: number
  /** Grains earned since the registration: claimed, compounded, and waiting to be claimed. */
  readonly earned: bigint
  readonly receipts: number
  /** Receipts of tasks that failed inside the enclave, or whose callback failed. They earn too. */
  readonly failedReceipts: number
  /** Share of the blocks since its first registration in which it was logged in, 0 to 1. */
  readonly uptime: number
  /** Share of all stake that can be drawn, 0 to 1; 0 while it is logged out. */
  readonly stakeShare: number
}

interface Tally {
  registeredAt: number
  onlineBlocks: number
  onlineFrom: number | null
  paidOut: bigint
  receipts: number
  failedReceipts: number
}

const NAMES = [
  'WorkerRegistered',
  'LoggedIn',
  'LoggedOut',
  'CreditClaimed',
  'CreditCompounded',
  'ReceiptVerified',
  'ReceiptFailed',
  'ReceiptFailedETH'
] as const
const TOPICS = NAMES.map(topicOf)
/** Blocks of one question for events: what public nodes commonly allow. */
const MAX_RANGE = 10_000

/** All registered workers, best first. Costs all events of the contract since its deployment, and one `eth_call` per worker. */
export async function standings(chain: Chain, firstBlock: number): Promise<Standing[]> {
  const head = await chain.blockNumber()
  const tallies = await tally(chain, firstBlock, head)
  const records = await new Roster(chain, () => Promise.resolve(firstBlock)).workers(Infinity)
  const drawn = records.filter(({ loggedIn }) => loggedIn).reduce((sum, { stake }) => sum + stake, 0n)
  return records
    .map((record): Omit<Standing, 'rank'> => {
      const own = tallies.get(record.operator) ?? fresh(head)
      const online = own.onlineBlocks + (own.onlineFrom === null ? 0 : head - own.onlineFrom + 1)
      const { receipts, failedReceipts } = own
      const uptime = Math.min(1, online / Math.max(1, head - own.registeredAt + 1))
      const stakeShare = record.loggedIn && drawn > 0n ? Number((record.stake * 1_000_000n) / drawn) / 1_000_000 : 0
      return { ...record, earned: own.paidOut + record.credit, receipts, failedReceipts, uptime, stakeShare }
    })
    .sort((a, b) => descending(a.earned, b.earned) || descending(a.stake, b.stake))
    .map((standing, index) => ({ ...standing, rank: index + 1 }))
}

const descending = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? -1 : 1)

const fresh = (registeredAt: number): Tally => ({
  registeredAt,
  onlineBlocks: 0,
  onlineFrom: null,
  paidOut: 0n,
  receipts: 0,
  failedReceipts: 0
})

async function tally(chain: Chain, firstBlock: number, head: number): Promise<Map<Address, Tally>> {
  const tallies = new Map<Address, Tally>()
  for (let from = firstBlock; from <= head; from += MAX_RANGE) {
    for (const log of await chain.logs([TOPICS], from, Math.min(head, from + MAX_RANGE - 1))) {
      const event = parseLog(log)
      if (event !== null) apply(tallies, event, log.blockNumber)
    }
  }
  return tallies
}

function apply(tallies: Map<Address, Tally>, { name, args }: LogDescription, block: number): void {
  const operator = address(args.operator as string)
  const own = tallies.get(operator) ?? fresh(block)
  tallies.set(operator, own)
  switch (name) {
    case 'LoggedIn':
      own.onlineFrom ??= block
      return
    case 'LoggedOut':
      if (own.onlineFrom !== null) own.onlineBlocks += block - own.onlineFrom
      own.onlineFrom = null
      return
    case 'CreditClaimed':
    case 'CreditCompounded':
      own.paidOut += args.amount as bigint
      return
    case 'ReceiptFailed':
    case 'ReceiptFailedETH':
      own.failedReceipts += 1
      own.receipts += 1
      return
    case 'ReceiptVerified':
      own.receipts += 1
  }
}
