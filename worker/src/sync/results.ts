import {
  asError,
  outputHashOf,
  releasedResult,
  typedDigest,
  type Address,
  type ReleasedResult,
  type TaskId
} from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { ask, relayCalls } from '../net/calls.ts'
import { sleep } from '../net/deadline.ts'
import type { Gossip, GossipVerdict, Peer, PeerNetwork } from '../net/peer-network.ts'
import { Quota } from '../net/quota.ts'
import type { Logger } from '../ops/log.ts'
import type { Precedence } from '../ops/precedence.ts'
import { SharedLook } from '../ops/shared-look.ts'
import type { TaskService } from './task-service.ts'
import { SyncError } from './errors.ts'
import type { ResultCache } from './result-cache.ts'
import { hasFinalReceipt, hasSeatSignature, hasSignature, resultFault, seatSigners } from './result-check.ts'
import { isUndisputed } from './rules.ts'

export interface ResultsInit {
  readonly network: PeerNetwork & Gossip
  readonly chain: ChainReader
  readonly tasks: Pick<TaskService, 'releasedResult' | 'onReleased'>
  readonly cache: ResultCache
  /** Of this worker's enclave. */
  readonly signer?: Address
  readonly precedence?: Pick<Precedence, 'giveWay'>
  readonly log: Logger
  readonly askTimeoutMs?: number
  /** How long a result may be ahead of this node's chain. */
  readonly aheadMs?: number
}

/** Results that one peer may tell a second, and at once; how many may wait for the chain, in all and of one peer. */
const PER_SECOND = 50
const BURST = 200
const MAX_AHEAD = 256
const MAX_AHEAD_OF_PEER = 32
/** What one peer is asked for by all who want a result of this worker: below what it answers one peer (net/limits.ts), so that there is room for inputs. */
const ASKS_PER_SECOND = 80
const ASKS_BURST = 160
/** How long what others tell waits for receipts of this worker that are not on their way. */
const TOLD_WAITS_MS = 300

/**
 * Finished results: what this seat releases is told to everybody by gossip; what others tell is kept if the chain bears it
 * out; what did not come is asked for, when a client or a seat wants it. docs/spec/peer-protocols.md
 */
export class Results {
  readonly #init: ResultsInit
  readonly #quota = new Quota()
  readonly #looks = new SharedLook<TaskId, ReleasedResult | null>(0)
  readonly #ahead = new Map<string, number>()
  /** This worker's own results that were told: who signed them is known. */
  readonly #own = new WeakSet<ReleasedResult>()
  #stopped = new AbortController()
  #unsubscribe = (): void => {}

  constructor(init: ResultsInit) {
    this.#init = init
    init.network.judgeGossip((data, from) => this.#judge(data, from))
  }

  start(): void {
    this.#stopped = new AbortController()
    this.#unsubscribe = this.#init.tasks.onReleased(taskId => void this.#publish(taskId))
  }

  stop(): void {
    this.#unsubscribe()
    this.#stopped.abort()
  }

  /** Released here, or come from others. Checked again: the chain may have changed its mind since. */
  async own(taskId: TaskId): Promise<ReleasedResult | null> {
    const { chain, tasks, cache } = this.#init
    for (const source of [() => cache.get(taskId), () => tasks.releasedResult(taskId)]) {
      const found = await source()
      const signer = found && this.#own.has(found) ? this.#init.signer : null
      if (found && resultFault(chain, taskId, found, signer) === null) return found
    }
    return null
  }

  /** The same, and if it is not here any worker is asked: the seats first, then whoever may have heard of it. */
  async find(taskId: TaskId): Promise<ReleasedResult | null> {
    const own = await this.own(taskId)
    if (own || !hasFinalReceipt(this.#init.chain, taskId)) return own
    return this.#looks.at(taskId, () => this.#askAll(taskId))
  }

  async #askAll(taskId: TaskId): Promise<ReleasedResult | null> {
    const { network, chain } = this.#init
    const task = chain.task(taskId)
    const seats = new Set(task ? seatSigners(chain, task.epoch, task.scAddr) : [])
    const workers = network.peers().filter(peer => peer.role === 'worker')
    const [holders, others] = [workers.filter(p => seats.has(p.signer)), workers.filter(p => !seats.has(p.signer))]
    return (await this.#firstResult(taskId, holders)) ?? (await this.#firstResult(taskId, others))
  }

  /** The first valid answer wins; a wrong one is charged to its sender and changes nothing. */
  async #firstResult(taskId: TaskId, peers: readonly Peer[]): Promise<ReleasedResult | null> {
    const { network, chain, cache, log, askTimeoutMs = 1_500 } = this.#init
    const attempts = peers.map(async peer => {
      if (!this.#quota.take(`ask ${peer.peerId}`, ASKS_PER_SECOND, ASKS_BURST)) {
        throw new SyncError({ code: 'RESULT_MISSING', what: taskId }, 'The peer was asked too often.')
      }
      const found = await ask(network, peer, relayCalls.result, { taskId }, { timeoutMs: askTimeoutMs })
      const fault = resultFault(chain, taskId, found)
      if (fault !== null) {
        log.warn('A peer gave a wrong result', { peer: peer.peerId, taskId, fault })
        if (this.#isNobodyElsesFault(taskId, found)) network.penalise(peer.peerId, 'wrong-content')
        throw new SyncError({ code: 'RESULT_MISSING', what: taskId }, 'The result was wrong.')
      }
      return found
    })
    const found = await Promise.any(attempts).catch(() => null)
    if (found) await cache.put(taskId, found)
    return found
  }

  async #publish(taskId: TaskId): Promise<void> {
    const { network, tasks, cache, log } = this.#init
    try {
      if (await this.#isCurrent(taskId)) return // another seat was first
      const found = await tasks.releasedResult(taskId)
      if (!found) return
      this.#own.add(found)
      await cache.put(taskId, found)
      const told = await network.publish(releasedResult.encode(found))
      log.debug('A result was told', { taskId, peers: told })
    } catch (err) {
      log.debug('A result was not told', { taskId, error: asError(err).message })
    }
  }

  async #judge(data: Uint8Array, from: string): Promise<GossipVerdict> {
    const { chain, cache, log } = this.#init
    if (!this.#quota.take(from, PER_SECOND, BURST)) return 'ignore'
    await this.#init.precedence?.giveWay(TOLD_WAITS_MS, this.#stopped.signal)
    let result: ReleasedResult
    try {
      result = releasedResult.decode(data)
    } catch {
      return 'reject'
    }
    const { taskId } = result.receipt
    if (await this.#isCurrent(taskId)) return 'ignore' // nobody needs it twice
    if (!hasFinalReceipt(chain, taskId)) {
      // The chain of another may be a moment ahead of this one.
      if (!hasSignature(chain, result)) return 'reject'
      if (!hasSeatSignature(chain, result) || !(await this.#untilFinal(taskId, from))) return 'ignore'
    }
    const fault = resultFault(chain, taskId, result)
    if (fault !== null) {
      log.debug('A peer told a wrong result', { peer: from, taskId, fault })
      return this.#isNobodyElsesFault(taskId, result) ? 'reject' : 'ignore'
    }
    await cache.put(taskId, result)
    return 'accept'
  }

  /** Whether the result that is kept is the one of the receipt on chain: a reorg may have made the task run again. */
  async #isCurrent(taskId: TaskId): Promise<boolean> {
    const { chain, cache } = this.#init
    if (!cache.has(taskId)) return false
    const held = await cache.get(taskId)
    return held !== null && typedDigest(chain.facts, 'Receipt', held.receipt) === chain.task(taskId)?.settlement?.digest
  }

  /** Whether no honest peer can have given this wrong result: it is wrong in itself, or the chain is long past its branches. */
  #isNobodyElsesFault(taskId: TaskId, { receipt, result }: ReleasedResult): boolean {
    const { chain } = this.#init
    const settled = chain.task(taskId)?.settlement
    const isOther = receipt.taskId !== taskId || outputHashOf(result) !== receipt.outputHash
    return isOther || (settled !== null && settled !== undefined && isUndisputed(chain, settled.block))
  }

  async #untilFinal(taskId: TaskId, from: string): Promise<boolean> {
    const { chain, aheadMs = 6_000 } = this.#init
    const ofPeer = this.#ahead.get(from) ?? 0
    const all = [...this.#ahead.values()].reduce((sum, count) => sum + count, 0)
    if (ofPeer >= MAX_AHEAD_OF_PEER || all >= MAX_AHEAD) return false
    this.#ahead.set(from, ofPeer + 1)
    const limit = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(aheadMs)])
    const final = Promise.withResolvers<void>()
    const unsubscribe = chain.subscribe(event => {
      if (event.type === 'head' && hasFinalReceipt(chain, taskId)) final.resolve()
    })
    try {
      await Promise.race([final.promise, sleep(aheadMs, limit)])
      return hasFinalReceipt(chain, taskId)
    } finally {
      unsubscribe()
      const left = (this.#ahead.get(from) ?? 1) - 1
      if (left > 0) this.#ahead.set(from, left)
      else this.#ahead.delete(from)
    }
  }
}
