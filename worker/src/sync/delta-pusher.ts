import { MAX_MESSAGE_BYTES, MAX_PUSHED_DELTAS, type Address, type Hash } from '@enigma/protocol'
import { ask, deltaCalls } from '../net/calls.ts'
import { orAborted } from '../net/deadline.ts'
import { decidingCode } from '../net/errors.ts'
import type { Peer, PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import type { ContentStore, StoredDelta } from './interfaces.ts'

export interface DeltaPusherInit {
  readonly network: PeerNetwork
  readonly store: ContentStore
  readonly log: Logger
  /** R10: how long a commit waits for copies, and how many it hopes for. */
  readonly ackTimeoutMs?: number
  readonly wantedAcks?: number
  /** How long one that has not taken it is asked again, and how often. */
  readonly pushForMs?: number
  readonly retryMs?: number
}

/** A delta on its way to the other workers. Its bytes stay in the store, once it is there. */
interface Push extends StoredDelta {
  bytes: Uint8Array | null
  readonly codeHash: Hash | null // of a deployment
  readonly holders: Set<Address> // operators that have it on disk
  readonly refusals: Map<Address, number>
  readonly sending: Set<Address>
  readonly until: number
  changed: PromiseWithResolvers<void>
}

/** Deltas being pushed at once; older ones are left to those who fetch. */
const MAX_PUSHES = 1024
/** One that lags behind the chain refuses at first; one that refuses so often, or never has it in time, has its reasons, and fetches by itself. */
const MAX_REFUSALS = 5
/** One copy of a delta or bytecode of 512 KiB to one peer, or of several small ones. */
const SEND_TIMEOUT_MS = 10_000
/** Messages to one peer at a time: what becomes ready meanwhile goes together in the next one. */
const MAX_UNDER_WAY = 2
/** Room for the list's own bytes in a message. */
const MAX_TOGETHER_BYTES = MAX_MESSAGE_BYTES - 4 * 1024

/** What is to go to one peer. */
interface Outbox {
  readonly waiting: Push[]
  underWay: number
}

/** Spreads this worker's deltas, and remembers who has them (R10). */
export class DeltaPusher {
  readonly #init: Required<DeltaPusherInit>
  readonly #pushes = new Map<Hash, Push>()
  readonly #outboxes = new Map<Address, Outbox>()
  #timer: NodeJS.Timeout | undefined
  #unsubscribe = (): void => {}

  constructor(init: DeltaPusherInit) {
    this.#init = { ackTimeoutMs: 300, wantedAcks: 2, pushForMs: 10 * 60 * 1000, retryMs: 2_000, ...init }
  }

  start(): void {
    this.#unsubscribe = this.#init.network.onPeer(() => this.#sendAll())
    this.#timer = setInterval(() => this.#sendAll(), this.#init.retryMs)
  }

  stop(): void {
    this.#unsubscribe()
    clearInterval(this.#timer)
  }

  replicas(deltaHash: Hash): number {
    return this.#pushes.get(deltaHash)?.holders.size ?? 0
  }

  /**
   * Pushes what is in the store, or on its way there: resolves with the number of copies elsewhere, once there are enough or time is up.
   *
   * @param stored settles with the store's write
   */
  async push(place: StoredDelta, bytes: Uint8Array, codeHash: Hash | null, stored: Promise<unknown>): Promise<number> {
    const push: Push = this.#pushes.get(place.deltaHash) ?? {
      ...place,
      bytes,
      codeHash,
      holders: new Set(),
      refusals: new Map(),
      sending: new Set(),
      until: performance.now() + this.#init.pushForMs,
      changed: Promise.withResolvers()
    }
    this.#pushes.set(place.deltaHash, push)
    stored.then(
      () => (push.bytes = null),
      () => this.#pushes.delete(place.deltaHash)
    )
    if (this.#pushes.size > MAX_PUSHES) this.#pushes.delete(this.#pushes.keys().next().value!)
    this.#send(push)
    return this.#enough(push)
  }

  async #enough(push: Push): Promise<number> {
    const signal = AbortSignal.timeout(this.#init.ackTimeoutMs)
    const wanted = Math.min(this.#init.wantedAcks, this.#workers().length)
    while (push.holders.size < wanted && !signal.aborted) {
      await orAborted(push.changed.promise, signal).catch(() => undefined)
    }
    return push.holders.size
  }

  #workers(): readonly Peer[] {
    return this.#init.network.peers().filter(peer => peer.role === 'worker')
  }

  #sendAll(): void {
    const now = performance.now()
    for (const [deltaHash, push] of this.#pushes) {
      if (push.until < now) this.#pushes.delete(deltaHash)
      else this.#send(push)
    }
  }

  #send(push: Push): void {
    for (const peer of this.#workers()) {
      const { operator } = peer
      if (push.holders.has(operator) || push.sending.has(operator)) continue
      if ((push.refusals.get(operator) ?? 0) >= MAX_REFUSALS) continue
      push.sending.add(operator)
      const outbox = this.#outboxes.get(operator) ?? { waiting: [], underWay: 0 }
      this.#outboxes.set(operator, outbox)
      outbox.waiting.push(push)
      if (outbox.waiting.length === 1) setImmediate(() => this.#empty(peer, outbox)) // runs that ended together go together
    }
  }

  #empty(peer: Peer, outbox: Outbox): void {
    while (outbox.waiting.length > 0 && outbox.underWay < MAX_UNDER_WAY) {
      outbox.underWay += 1
      const pushes = outbox.waiting.splice(0, countTogether(outbox.waiting))
      void this.#sendTo(peer, pushes, outbox).finally(() => {
        outbox.underWay -= 1
        this.#empty(peer, outbox)
      })
    }
    if (outbox.underWay === 0 && outbox.waiting.length === 0) this.#outboxes.delete(peer.operator)
  }

  async #sendTo(peer: Peer, pushes: readonly Push[], outbox: Outbox): Promise<void> {
    const { network, log } = this.#init
    const options = { timeoutMs: SEND_TIMEOUT_MS }
    try {
      const { deltas, sent, left } = await this.#load(peer, pushes)
      outbox.waiting.unshift(...left)
      if (deltas.length === 0) return
      const { codes } = await ask(network, peer, deltaCalls.pushDeltas, { deltas }, options)
      for (const [i, push] of sent.entries()) this.#note(peer, push, codes[i] ?? 'PEER_MALFORMED')
    } catch (err) {
      const code = decidingCode(err)
      log.debug('Deltas were not taken', { peer: peer.peerId, code })
      const sent = code === 'PEER_UNREACHABLE' ? [] : pushes.filter(push => !outbox.waiting.includes(push))
      for (const push of sent) this.#refused(peer.operator, push)
    } finally {
      for (const push of pushes) {
        if (outbox.waiting.includes(push)) continue
        push.sending.delete(peer.operator)
        const { resolve } = push.changed
        push.changed = Promise.withResolvers()
        resolve()
      }
    }
  }

  /** The bytes of as many as fit into a message; of a deployment the code goes before. */
  async #load(peer: Peer, pushes: readonly Push[]): Promise<{ deltas: Uint8Array[]; sent: Push[]; left: Push[] }> {
    const { network, store } = this.#init
    const deltas: Uint8Array[] = []
    const sent: Push[] = []
    let size = 0
    for (const [i, push] of pushes.entries()) {
      const delta = push.bytes ?? (await store.getDelta(push.scAddr, push.index, push.deltaHash))
      if (!delta) {
        this.#pushes.delete(push.deltaHash) // the chain chose another one
        continue
      }
      size += 4 + delta.length
      if (size > MAX_TOGETHER_BYTES) return { deltas, sent, left: pushes.slice(i) }
      const bytecode = push.codeHash && (await store.getBytecode(push.codeHash))
      if (bytecode) await ask(network, peer, deltaCalls.pushBytecode, { bytecode }, { timeoutMs: SEND_TIMEOUT_MS })
      deltas.push(delta)
      sent.push(push)
    }
    return { deltas, sent, left: [] }
  }

  #refused(operator: Address, { refusals }: Push): void {
    refusals.set(operator, (refusals.get(operator) ?? 0) + 1)
  }

  #note({ peerId, operator }: Peer, push: Push, code: string): void {
    if (code === '') return void push.holders.add(operator)
    if (code === 'DELTA_REFUSED') this.#refused(operator, push)
    this.#init.log.debug('A delta was not taken', { peer: peerId, code })
  }
}

/** A deployment goes alone: its bytecode is large, and may be refused. */
function countTogether(waiting: readonly Push[]): number {
  const deployment = waiting.findIndex(push => push.codeHash !== null)
  if (deployment === 0) return 1
  return Math.min(MAX_PUSHED_DELTAS, deployment === -1 ? waiting.length : deployment)
}
