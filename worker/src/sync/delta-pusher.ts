import type { Address, Hash } from '@enigma/protocol'
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

/** A delta on its way to the other workers. Its bytes stay in the store. */
interface Push extends StoredDelta {
  readonly codeHash: Hash | null // of a deployment
  readonly holders: Set<Address> // operators that have it on disk
  readonly refusals: Map<Address, number>
  readonly sending: Set<Address>
  readonly until: number
  changed: PromiseWithResolvers<void>
}

/** Deltas being pushed at once; older ones are left to those who fetch. */
const MAX_PUSHES = 1024
/** One that lags behind the chain refuses at first; one that refuses so often has its reasons, and fetches by itself. */
const MAX_REFUSALS = 5
/** One copy of a delta or bytecode of 512 KiB to one peer. */
const SEND_TIMEOUT_MS = 10_000

/** Spreads this worker's deltas, and remembers who has them (R10). */
export class DeltaPusher {
  readonly #init: Required<DeltaPusherInit>
  readonly #pushes = new Map<Hash, Push>()
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

  /** Pushes what is in the store; resolves with the number of copies elsewhere, once there are enough or time is up. */
  async push(stored: StoredDelta, codeHash: Hash | null): Promise<number> {
    const push: Push = this.#pushes.get(stored.deltaHash) ?? {
      ...stored,
      codeHash,
      holders: new Set(),
      refusals: new Map(),
      sending: new Set(),
      until: performance.now() + this.#init.pushForMs,
      changed: Promise.withResolvers()
    }
    this.#pushes.set(stored.deltaHash, push)
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
      void this.#sendTo(peer, push).finally(() => {
        push.sending.delete(operator)
        const { resolve } = push.changed
        push.changed = Promise.withResolvers()
        resolve()
      })
    }
  }

  async #sendTo(peer: Peer, push: Push): Promise<void> {
    const { network, store, log } = this.#init
    const options = { timeoutMs: SEND_TIMEOUT_MS }
    try {
      const delta = await store.getDelta(push.scAddr, push.index, push.deltaHash)
      if (!delta) return void this.#pushes.delete(push.deltaHash) // the chain chose another one
      const bytecode = push.codeHash && (await store.getBytecode(push.codeHash))
      if (bytecode) await ask(network, peer, deltaCalls.pushBytecode, { bytecode }, options)
      await ask(network, peer, deltaCalls.pushDelta, { delta }, options)
      push.holders.add(peer.operator)
    } catch (err) {
      const code = decidingCode(err)
      if (code === 'DELTA_REFUSED') push.refusals.set(peer.operator, (push.refusals.get(peer.operator) ?? 0) + 1)
      log.debug('A delta was not taken', { peer: peer.peerId, code })
    }
  }
}
