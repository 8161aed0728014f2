import { codeHashOf, deltaHashOf, type Hash, type ScAddr } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { ask, deltaCalls } from '../net/calls.ts'
import { orAborted, sleep } from '../net/deadline.ts'
import { decidingCode } from '../net/errors.ts'
import type { Peer, PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import { SyncError } from './errors.ts'
import type { ContentStore } from './interfaces.ts'

export interface DeltaFetcherInit {
  readonly network: PeerNetwork
  readonly chain: ChainReader
  readonly store: ContentStore
  readonly log: Logger
  /** Gives up after this; a signal of the caller may end it sooner. */
  readonly timeoutMs: number
}

const PER_REQUEST = 256
const FIRST_PAUSE_MS = 100
const MOST_PAUSE_MS = 2_000

/** Fetches from any worker what the chain names and this node lacks. Content counts by its hash, never by its sender. */
export class DeltaFetcher {
  readonly #init: DeltaFetcherInit
  /** Deltas 0 .. n-1 are known to be here. Only to spare reads; forgotten at a rollback. */
  readonly #complete = new Map<ScAddr, number>()

  constructor(init: DeltaFetcherInit) {
    this.#init = init
  }

  forget(): void {
    this.#complete.clear()
  }

  /** @throws SYNC_INCOMPLETE after timeoutMs, or when the signal aborts. */
  async ensure(scAddr: ScAddr, upToIndex: number, signal?: AbortSignal): Promise<void> {
    await this.#untilDone(`delta ${upToIndex} of ${scAddr}`, signal, async limit => {
      const missing = await this.#firstMissing(scAddr, upToIndex)
      if (missing > upToIndex) return true
      return this.#fromAnyone(peer => this.#fetchRange(peer, scAddr, missing, upToIndex + 1, limit), limit)
    })
  }

  /** @throws SYNC_INCOMPLETE */
  async ensureBytecode(codeHash: Hash, signal?: AbortSignal): Promise<Uint8Array> {
    const { store } = this.#init
    let found: Uint8Array | null = null
    await this.#untilDone(`bytecode ${codeHash}`, signal, async limit => {
      found = await store.getBytecode(codeHash)
      if (found) return true
      return this.#fromAnyone(peer => this.#fetchBytecode(peer, codeHash, limit), limit)
    })
    return found!
  }

  /** Runs `step` until it says true; false means nothing moved: then wait for a peer or a moment. */
  async #untilDone(
    what: string,
    signal: AbortSignal | undefined,
    step: (limit: AbortSignal) => Promise<boolean | 'moved'>
  ): Promise<void> {
    const { network, timeoutMs } = this.#init
    const deadline = AbortSignal.timeout(timeoutMs)
    const limit = signal ? AbortSignal.any([deadline, signal]) : deadline
    let pause = FIRST_PAUSE_MS
    for (;;) {
      const outcome = await step(limit)
      if (outcome === true) return
      if (limit.aborted) {
        throw new SyncError({ code: 'SYNC_INCOMPLETE', what }, `No worker gave ${what} in time.`, {
          hint: 'It is tried again by itself; look at /status for the number of peers.'
        })
      }
      if (outcome === 'moved') {
        pause = FIRST_PAUSE_MS
        continue
      }
      const woken = Promise.withResolvers<void>()
      const unsubscribe = network.onPeer(() => woken.resolve())
      await Promise.race([sleep(pause, limit), woken.promise])
      unsubscribe()
      pause = Math.min(MOST_PAUSE_MS, pause * 2)
    }
  }

  async #firstMissing(scAddr: ScAddr, upToIndex: number): Promise<number> {
    const { chain, store } = this.#init
    let index = this.#complete.get(scAddr) ?? 0
    for (; index <= upToIndex; index++) {
      const deltaHash = chain.deltaHash(scAddr, index)
      if (deltaHash === null || !(await store.hasDelta(scAddr, index, deltaHash))) break
    }
    this.#complete.set(scAddr, index)
    return index
  }

  /** Tries the workers in no order until one of them brings something. A bad one is only one of many. */
  async #fromAnyone(attempt: (peer: Peer) => Promise<number>, limit: AbortSignal): Promise<'moved' | false> {
    const { network, log } = this.#init
    for (const peer of shuffled(network.peers().filter(p => p.role === 'worker'))) {
      if (limit.aborted) return false
      try {
        if ((await attempt(peer)) > 0) return 'moved'
      } catch (err) {
        log.debug('A peer could not give content', { peer: peer.peerId, code: decidingCode(err) })
      }
    }
    return false
  }

  /** @returns how many deltas came that the chain names. */
  async #fetchRange(peer: Peer, scAddr: ScAddr, from: number, to: number, signal: AbortSignal): Promise<number> {
    const { network, chain, store } = this.#init
    const range = { scAddr, from, to: Math.min(to, from + PER_REQUEST) }
    const { deltas } = await ask(network, peer, deltaCalls.get, range, { signal })
    const good: Uint8Array[] = []
    for (const [offset, delta] of deltas.entries()) {
      const expected = chain.deltaHash(scAddr, from + offset)
      if (deltaHashOf(delta) !== expected) {
        if (expected !== null && this.#isFinal(scAddr, from + offset)) network.penalise(peer.peerId, 'wrong-content')
        break
      }
      good.push(delta)
    }
    if (good.length > 0) await orAborted(store.putDeltas(good, null), signal)
    return good.length
  }

  async #fetchBytecode(peer: Peer, codeHash: Hash, signal: AbortSignal): Promise<number> {
    const { network, store } = this.#init
    const { bytecode } = await ask(network, peer, deltaCalls.bytecode, { codeHash }, { signal })
    if (codeHashOf(bytecode) !== codeHash) {
      network.penalise(peer.peerId, 'wrong-content')
      return 0
    }
    await store.putBytecode(bytecode, null)
    return 1
  }

  /** Before that, an honest peer may follow another branch of the chain. */
  #isFinal(scAddr: ScAddr, index: number): boolean {
    const { chain } = this.#init
    const step = chain.contract(scAddr)?.steps[index]
    return step !== undefined && chain.head().number - step.block + 1 >= chain.facts.confirmations
  }
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map(item => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
