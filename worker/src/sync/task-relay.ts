import type { Address, EnvelopeContext, ReleasedResult, SeatStatus, TaskId } from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import { ask, relayCalls, serve } from '../net/calls.ts'
import { sleep } from '../net/deadline.ts'
import { NetError, decidingCode } from '../net/errors.ts'
import type { Peer, PeerNetwork } from '../net/peer-network.ts'
import { Quota } from '../net/quota.ts'
import type { Logger } from '../ops/log.ts'
import { SharedLook } from '../ops/shared-look.ts'
import type { TaskService } from './task-service.ts'
import { requireDeliverable } from './envelope-check.ts'
import { SyncError } from './errors.ts'
import type { TaskRelay } from './interfaces.ts'
import { LateDeliveries } from './late-deliveries.ts'
import { isGenuine, seatSigners } from './result-check.ts'
import type { Results } from './results.ts'
import { isUnreachable } from './rules.ts'
import { SeatPeers, type SeatNetwork } from './seat-peers.ts'

export interface TaskRelayInit {
  readonly network: PeerNetwork & SeatNetwork
  readonly chain: ChainReader
  readonly tasks: Pick<TaskService, 'storeEnvelope' | 'seatStatus'>
  readonly results: Pick<Results, 'own' | 'find'>
  /** This node's enclave; null while there is none. */
  readonly signer: () => Address | null
  readonly log: Logger
  /** A seat checks the envelope in its enclave and syncs it to disk. */
  readonly deliverTimeoutMs?: number
  /** How long the other seats are waited for once one has the input. */
  readonly slowestMs?: number
  readonly askTimeoutMs?: number
}

/** How long what the seats say of a task is news: whoever follows it asks four times a second at most. */
const NEWS_MS = 100
/**
 * What one seat is asked of tasks a second, and at once, by all clients of this worker together: below what it answers one peer (net/limits.ts),
 * so that there is room for inputs. Beyond it, clients hear of that seat a moment later; what counts they read from the chain.
 */
const ASKS_PER_SECOND = 60
const ASKS_BURST = 120

/** Carries inputs to the seat holders of a task, and their word and results back (R4, R8). docs/spec/peer-protocols.md */
export class PeerTaskRelay implements TaskRelay {
  readonly #init: TaskRelayInit
  readonly #deliverTimeoutMs: number
  readonly #askTimeoutMs: number
  readonly #slowestMs: number
  readonly #seats: SeatPeers
  readonly #looks = new SharedLook<TaskId, readonly SeatStatus[]>(NEWS_MS)
  readonly #asks = new Quota()
  readonly #late: LateDeliveries

  constructor(init: TaskRelayInit) {
    this.#init = init
    this.#deliverTimeoutMs = init.deliverTimeoutMs ?? 8_000
    this.#askTimeoutMs = init.askTimeoutMs ?? 1_500
    this.#slowestMs = init.slowestMs ?? 1_500
    this.#seats = new SeatPeers(init.network)
    this.#late = new LateDeliveries({
      network: init.network,
      deliver: (signer, envelope, bytecode) => this.#deliverTo(signer, envelope, bytecode),
      log: init.log
    })
    const { network, tasks } = init
    serve(network, relayCalls, {
      deliver: async ({ envelope, bytecode }) => ({ signer: await tasks.storeEnvelope(envelope, bytecode) }),
      status: ({ taskId }) => Promise.resolve({ seat: tasks.seatStatus(taskId) }),
      result: async ({ taskId }) => {
        const found = await init.results.own(taskId)
        if (found) return found
        throw new SyncError({ code: 'RESULT_MISSING', what: taskId }, 'This worker has no result of that task.')
      }
    })
  }

  start(): Promise<void> {
    this.#late.start()
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#late.stop()
    return Promise.resolve()
  }

  async deliver(
    envelope: Uint8Array,
    bytecode: Uint8Array | null = null
  ): Promise<{ readonly stored: readonly Address[] }> {
    const { chain } = this.#init
    const { context } = requireDeliverable(chain, envelope, bytecode)
    const signers = seatSigners(chain, context.epoch, context.scAddr)
    const stored: Address[] = []
    const deliver = async (signer: Address): Promise<void> => {
      await this.#deliverTo(signer, envelope, bytecode)
      stored.push(signer)
    }
    const isNear = (signer: Address): boolean =>
      signer === this.#init.signer() || this.#seats.here(signer) !== undefined
    const here = signers.filter(isNear)
    const inTurn = [...here, ...signers.filter(signer => !here.includes(signer))]
    const all = inTurn.map(deliver)
    const near = all.slice(0, here.length)
    try {
      await Promise.any(all)
    } catch (err) {
      throw mostTelling((err as AggregateError).errors, context)
    }
    for (const [i, one] of all.entries()) {
      one.catch((err: unknown) => {
        if (isUnreachable(decidingCode(err))) this.#late.add(inTurn[i]!, envelope, bytecode) // perhaps long after the answer
      })
    }
    // One seat is enough to go on: the client does not wait for the slowest, nor for those that must be found first. Their deliveries go on.
    const enough = new AbortController()
    await Promise.race([Promise.allSettled(near), sleep(this.#slowestMs, enough.signal)])
    enough.abort()
    return { stored: [...stored] }
  }

  seatStatuses(taskId: TaskId): Promise<readonly SeatStatus[]> {
    const task = this.#init.chain.task(taskId)
    return task ? this.#looks.at(taskId, () => this.#lookAt(taskId, task)) : Promise.resolve([])
  }

  async #lookAt(taskId: TaskId, task: ChainTask): Promise<readonly SeatStatus[]> {
    const { chain, tasks, network } = this.#init
    const found = await this.#askSeats(taskId, async (signer, peer) => {
      const seat = peer
        ? (await ask(network, peer, relayCalls.status, { taskId }, { timeoutMs: this.#askTimeoutMs })).seat
        : tasks.seatStatus(taskId)
      if (!seat || isGenuine(chain, task, seat, signer)) return seat
      if (peer) network.penalise(peer.peerId, 'malformed')
      return null
    })
    return found.filter(seat => seat !== null)
  }

  result(taskId: TaskId): Promise<ReleasedResult | null> {
    return this.#init.results.find(taskId)
  }

  #seatsOf(taskId: TaskId): readonly Address[] {
    const { chain } = this.#init
    const task = chain.task(taskId)
    return task ? seatSigners(chain, task.epoch, task.scAddr) : []
  }

  async #askSeats<T>(
    taskId: TaskId,
    askOne: (signer: Address, peer: Peer | null) => Promise<T | null>
  ): Promise<(T | null)[]> {
    return Promise.all(
      this.#seatsOf(taskId).map(async signer => {
        if (signer === this.#init.signer()) return askOne(signer, null)
        const peer = this.#seats.here(signer)
        return peer && this.#asks.take(peer.peerId, ASKS_PER_SECOND, ASKS_BURST)
          ? askOne(signer, peer).catch(() => null)
          : null
      })
    )
  }

  async #deliverTo(signer: Address, envelope: Uint8Array, bytecode: Uint8Array | null): Promise<void> {
    const { network, tasks } = this.#init
    if (signer === this.#init.signer()) return void (await tasks.storeEnvelope(envelope, bytecode))
    const peer = await this.#seats.meet(signer)
    const options = { timeoutMs: this.#deliverTimeoutMs }
    const answer = await ask(network, peer, relayCalls.deliver, { envelope, bytecode }, options)
    if (answer.signer === signer) return
    throw new NetError({ code: 'PEER_MALFORMED', peerId: peer.peerId, what: 'signer' }, 'Another enclave answered.')
  }
}

/** If every seat says that it has no wrap, that is the fault; else what a seat said of the input; else no seat was there. */
function mostTelling(reasons: readonly unknown[], { scAddr, epoch }: EnvelopeContext): unknown {
  const isNotForSeat = (reason: unknown): boolean => decidingCode(reason) === 'INPUT_NOT_FOR_SEAT'
  if (reasons.length > 0 && reasons.every(isNotForSeat)) return reasons[0]
  const told = reasons.find(reason => !isUnreachable(decidingCode(reason)) && !isNotForSeat(reason))
  if (told !== undefined) return told
  return new SyncError(
    { code: 'NO_SEAT_REACHABLE', scAddr, epoch },
    'No seat holder of this contract has taken the input; nothing was paid.',
    { hint: 'Try again in a moment, ask another worker, or wait for the next epoch.', cause: reasons[0] }
  )
}
