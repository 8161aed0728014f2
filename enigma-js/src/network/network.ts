import type { Address, Hash, InfoResult, ScAddr } from '@enigma/protocol'
import { readAddress } from '../connect.ts'
import { readScAddr } from '../actions.ts'
import { callWorker } from '../rpc/call.ts'
import type { Seat } from '../seats/seats.ts'
import type { Session } from '../session.ts'
import { recentReceipts, type ReceiptSummary } from './receipts.ts'
import { Roster, type WorkerRecord } from './roster.ts'

/** A stretch of blocks in which the same workers are drawn. */
export interface EpochStatus {
  /** 0 before the first one. */
  readonly epoch: number
  readonly block: number
  /** Of that block, seconds since 1970: the chain's clock, which is the one to compare `onlineSince` with. */
  readonly timeSeconds: number
  readonly startBlock: number
  /** From this block on, a next epoch may begin. */
  readonly nextEpochBlock: number
  /** Grains staked by the workers that can be drawn. */
  readonly totalStake: bigint
}

export interface WorkerStatus extends WorkerRecord {
  /** What it says of itself, if it answers at one of the client's addresses; null if it does not, or none is known. */
  readonly answer: { readonly url: string; readonly info: InfoResult; readonly latencyMs: number } | null
}

export interface Balance {
  readonly eth: bigint // wei
  readonly eng: bigint // grains
}

export interface ReceiptQuery {
  /** Default 20. */
  readonly limit?: number
  /** How far to look back. Default 1,000 blocks. */
  readonly blocks?: number
}

/** What anybody may see of the network. All of it is read from the chain, but a worker's `answer`, which is its own word. */
export interface NetworkView {
  epoch(): Promise<EpochStatus>
  workers(): Promise<WorkerStatus[]>
  /** The verified draw of a contract in the current epoch: who may read the inputs of its tasks. Empty before the first epoch. */
  seats(scAddr: string): Promise<readonly Seat[]>
  /** Newest first. */
  receipts(query?: ReceiptQuery): Promise<ReceiptSummary[]>
  balance(address: string): Promise<Balance>
}

/** A worker that is there answers at once; a page does not wait for the others. */
const INFO_TIMEOUT_MS = 2_000

export function networkView(session: Session, deploymentBlockHash: Hash): NetworkView {
  const { chain, workers, seats } = session
  const roster = new Roster(chain, () => chain.blockOf(deploymentBlockHash))
  return {
    async epoch() {
      const [epoch, latest, nextEpochBlock] = await Promise.all([
        chain.currentEpoch(),
        chain.ask('latest block', () => chain.provider.getBlock('latest')),
        chain.nextEpochBlock()
      ])
      const now = { epoch, block: latest?.number ?? 0, timeSeconds: latest?.timestamp ?? 0, nextEpochBlock }
      if (epoch === 0) return { ...now, startBlock: 0, totalStake: 0n }
      const { startBlock, total } = await chain.epochInfo(epoch)
      return { ...now, startBlock, totalStake: total }
    },
    async workers() {
      const [records, answers] = await Promise.all([roster.workers(), askAll(workers.urls)])
      return records.map(record => ({ ...record, answer: answers.get(record.operator) ?? null }))
    },
    async seats(address) {
      const scAddr: ScAddr = readScAddr(address)
      const epoch = await chain.currentEpoch()
      return epoch === 0 ? [] : (await seats.find(scAddr, epoch)).seats
    },
    receipts: ({ limit = 20, blocks = 1_000 } = {}) => recentReceipts(chain, limit, blocks),
    async balance(who) {
      const account = readAddress(who, 'address')
      const [eth, [eng]] = await Promise.all([
        chain.ask('balance', () => chain.provider.getBalance(account)),
        chain.readToken('balanceOf', [account])
      ])
      return { eth, eng: eng as bigint }
    }
  }
}

async function askAll(urls: readonly string[]): Promise<Map<Address, NonNullable<WorkerStatus['answer']>>> {
  const answers = await Promise.all(
    urls.map(async url => {
      const started = performance.now()
      try {
        const info = await callWorker(url, 'getInfo', {}, { timeoutMs: INFO_TIMEOUT_MS })
        return { url, info, latencyMs: Math.round(performance.now() - started) }
      } catch {
        return null // shown as a worker that does not answer
      }
    })
  )
  return new Map(answers.flatMap(answer => (answer === null ? [] : [[answer.info.operator, answer]])))
}
