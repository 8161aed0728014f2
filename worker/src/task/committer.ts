import { setTimeout as sleep } from 'node:timers/promises'
import { ZERO_HASH, taskId as asTaskId, type Hash, type ScAddr, type TaskId } from '@enigma/protocol'
import { commitGas, commitReceiptData, commitReceiptsData, hasCallback, type CommitItem } from '../chain/calls.ts'
import { enigmaInterface } from '../chain/enigma-abi.ts'
import type { ChainReader } from '../chain/reader.ts'
import type { TxOutcome, TxSender } from '../chain/tx-sender.ts'
import type { Logger } from '../ops/log.ts'
import type { Precedence } from '../ops/precedence.ts'
import { orderFrom, type Unsettled } from './lane.ts'

/** A receipt on its way to the chain. */
export interface CommitJob {
  readonly digest: Hash // of the receipt
  readonly item: CommitItem
  readonly signal: AbortSignal
  /** This worker's unsettled runs of the same contract, as they stand now. */
  readonly unsettled: () => readonly Unsettled[]
  /** Tasks of the same contract whose receipts this worker will have soon. */
  readonly coming: () => number
  readonly onSigned: () => void
}

/** Why a batch passed over a receipt: contracts/types/Settlement.sol. */
export const SkipReason = { none: 0, closed: 1, moved: 2, window: 3, stale: 4, banned: 5 } as const

export interface Committed {
  readonly block: number
  readonly ok: boolean // false: the whole transaction reverted
  readonly skipped: number // SkipReason
}

export interface CommitterParts {
  readonly chain: Pick<ChainReader, 'facts' | 'contract' | 'subscribe'>
  readonly sender: Pick<TxSender, 'signed' | 'outcomeOf' | 'has'>
  readonly log: Logger
  /** How many receipts of this worker are pressing, those that wait here among them; without it there may always be more. */
  readonly precedence?: Pick<Precedence, 'pressing'>
  /** How long receipts wait for others. */
  readonly gatherMs?: number
  /** How long receipts wait for further runs of their contracts. */
  readonly laneGatherMs?: number
}

/** R7: what one transaction carries at most. */
export const MAX_BATCH = 64
const MAX_BATCH_GAS = 12_000_000n
/** Runs that end together go together. Long enough for a few, short enough for the next block. */
const GATHER_MS = 15
/** While further runs of the same contract are on their way it waits for them, so long: the runs of a batch cost half the gas. */
const LANE_GATHER_MS = 150

interface Queued {
  readonly job: CommitJob
  resolve(committed: Committed): void
  reject(error: unknown): void
}

/**
 * Brings receipts to the chain: what is ready at the same time goes in one transaction, the runs of a contract in the order in which
 * they build on each other, a callback last. It does not wait for one transaction to be included before it sends the next.
 */
export class Committer {
  readonly #parts: CommitterParts
  #queue: Queued[] = []
  #draining = false
  /** Of receipts that a transaction passed over: another one is needed. */
  readonly #attempts = new Map<Hash, number>()
  readonly #unsubscribe: () => void

  constructor(parts: CommitterParts) {
    this.#parts = parts
    this.#unsubscribe = parts.chain.subscribe(event => {
      if (event.type === 'head') this.#wake() // those before may be settled
    })
  }

  stop(): void {
    this.#unsubscribe()
  }

  /**
   * Resolves when the receipt's transaction is included. Sends nothing if one is under way.
   *
   * @throws TX_REVERTED with the contract's error, if the receipt would be refused now; the signal's reason
   */
  async commit(job: CommitJob): Promise<Committed> {
    const known = this.#parts.sender.outcomeOf(this.#idOf(job))
    if (known) return this.#outcome(job, await known)
    job.signal.throwIfAborted()
    return new Promise<Committed>((resolve, reject) => {
      const queued: Queued = { job, resolve, reject }
      this.#queue.push(queued)
      job.signal.addEventListener('abort', () => {
        this.#queue = this.#queue.filter(one => one !== queued)
        reject(job.signal.reason as Error)
      })
      this.#wake()
    })
  }

  #idOf({ digest }: CommitJob): string {
    const attempt = this.#attempts.get(digest) ?? 0
    return attempt === 0 ? `commit/${digest}` : `commit/${digest}/${attempt}`
  }

  #wake(): void {
    if (this.#draining || this.#queue.length === 0) return
    this.#draining = true
    void this.#drain().finally(() => (this.#draining = false))
  }

  async #drain(): Promise<void> {
    for (;;) {
      const { gatherMs = GATHER_MS, laneGatherMs = LANE_GATHER_MS } = this.#parts
      const latest = performance.now() + laneGatherMs
      if (!this.#isAllHere()) await sleep(gatherMs)
      while (performance.now() < latest && this.#isGrowing()) await sleep(gatherMs)
      const batch = this.#next()
      if (batch.length === 0) return
      await this.#send(batch)
    }
  }

  #isAllHere(): boolean {
    const { precedence } = this.#parts
    return precedence !== undefined && precedence.pressing() <= this.#queue.length
  }

  /** Whether all that waits belongs to contracts of which more is about to come: nobody else is kept waiting. */
  #isGrowing(): boolean {
    if (this.#queue.length === 0 || this.#queue.length >= MAX_BATCH) return false
    const lanes = new Map(this.#queue.map(({ job }) => [job.item.receipt.scAddr, job]))
    return [...lanes.values()].every(job => job.coming() > 0)
  }

  /** Takes what can go now out of the queue, in order. */
  #next(): Queued[] {
    const batch: Queued[] = []
    const last: Queued[] = []
    const contracts = new Set(this.#queue.map(({ job }) => job.item.receipt.scAddr))
    for (const scAddr of contracts) {
      for (const queued of this.#ready(scAddr)) {
        const { item } = queued.job
        const all = [...batch, ...last, queued].map(({ job }) => job.item)
        if (all.length > MAX_BATCH || (all.length > 1 && commitGas(all) > MAX_BATCH_GAS)) return this.#take(batch, last)
        if (!hasCallback(item.receipt)) batch.push(queued)
        else if (last.length === 0) last.push(queued)
        else break // the next transaction's
      }
    }
    return this.#take(batch, last)
  }

  #take(batch: readonly Queued[], last: readonly Queued[]): Queued[] {
    const taken = [...batch, ...last]
    this.#queue = this.#queue.filter(queued => !taken.includes(queued))
    return taken
  }

  /** Of one contract: from the chain's head on, as far as every run before is on its way or goes along. */
  #ready(scAddr: ScAddr): Queued[] {
    const { chain, sender } = this.#parts
    const waiting = new Map(this.#queue.filter(q => q.job.item.receipt.scAddr === scAddr).map(q => [q.job.digest, q]))
    const { unsettled } = [...waiting.values()][0]!.job
    const ready: Queued[] = []
    for (const { state } of orderFrom(chain.contract(scAddr)?.headHash ?? ZERO_HASH, unsettled())) {
      const queued = waiting.get(state.run.digest)
      if (queued) ready.push(queued)
      else if (!sender.has(`commit/${state.run.digest}`)) break
    }
    return ready
  }

  async #send(batch: readonly Queued[]): Promise<void> {
    const { chain, sender, log } = this.#parts
    const items = batch.map(({ job }) => job.item)
    const ids = batch.map(({ job }) => this.#idOf(job))
    try {
      const { included } = await sender.signed({
        id: ids[0]!,
        covers: ids.slice(1),
        to: chain.facts.enigma,
        data: items.length === 1 ? commitReceiptData(items[0]!) : commitReceiptsData(items),
        gas: commitGas(items),
        onSigned: () => batch.forEach(({ job }) => job.onSigned())
      })
      log.debug('receipts sent', { count: items.length })
      included.then(
        outcome => batch.forEach(({ job, resolve }) => resolve(this.#outcome(job, outcome))),
        error => batch.forEach(({ reject }) => reject(error))
      )
    } catch (error) {
      // None of them applies, or one of them spoils the rest: alone, each is told its own reason.
      if (batch.length > 1) for (const one of batch) await this.#send([one])
      else batch[0]!.reject(error)
    }
  }

  #outcome(job: CommitJob, { block, ok, logs }: TxOutcome): Committed {
    const skipped = ok ? skipReasonOf(job.item.receipt.taskId, logs) : SkipReason.none
    if (skipped !== SkipReason.none) this.#attempts.set(job.digest, (this.#attempts.get(job.digest) ?? 0) + 1)
    if (this.#attempts.size > KEPT_ATTEMPTS) this.#attempts.delete(this.#attempts.keys().next().value!)
    return { block, ok, skipped }
  }
}

const KEPT_ATTEMPTS = 1_000
const SKIPPED = enigmaInterface.getEvent('ReceiptSkipped')!

function skipReasonOf(task: TaskId, logs: TxOutcome['logs']): number {
  for (const { topics, data } of logs) {
    if (topics[0] !== SKIPPED.topicHash || asTaskId(topics[1]!) !== task) continue
    return Number(enigmaInterface.decodeEventLog(SKIPPED, data, [...topics])['reasonCode'])
  }
  return SkipReason.none
}
