import type { ScAddr } from '@enigma/protocol'
import { sleep } from '../net/deadline.ts'
import { decidingCode } from '../net/errors.ts'
import type { ContentRouting, Peer, PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import type { Need } from './needs.ts'
import { BadPeer, receive, type OnNext, type ReceiverInit } from './receiver.ts'

export interface FetcherInit extends ReceiverInit {
  readonly network: Pick<PeerNetwork, 'line' | 'penalise' | 'peers' | 'onPeer'> & Partial<ContentRouting>
  readonly log: Logger
  /** Streams to one peer at once. */
  readonly streamsPerPeer?: number
}

export interface FetchOptions {
  readonly signal: AbortSignal
  /** A need is fulfilled, and on disk. */
  readonly onDone?: (need: Need) => void
  /** Part of a need came: a large one takes long over a slow link. */
  readonly onNext?: OnNext
}

/** Wants in one request: enough to fill a stream, few enough that several peers share the work. */
const MOST_WANTS = 64
const FEWEST_WANTS = 8
/** A peer whose streams break so often is left alone for this run. */
const MAX_STRIKES = 3
/** Contracts that no connected peer has, any of them, looked up at once; how long one look-up and the meeting of its providers take. */
const LOOKUPS = 8
const LOOKUP_MS = 3_000
const MEETING_MS = 2_000

/**
 * Shares what is missing among all connected workers, and gives what one cannot bring to the next. What no one of them has is
 * looked up in the DHT. A bad peer, or a content that nobody has, never stops the rest.
 */
export class Fetcher {
  readonly #init: FetcherInit

  constructor(init: FetcherInit) {
    this.#init = init
  }

  /** Resolves when everything was tried: `need.done` tells which came. */
  async fetch(
    needs: readonly Need[],
    { signal, onDone = () => undefined, onNext = () => undefined }: FetchOptions
  ): Promise<void> {
    const { network, log, streamsPerPeer = 2 } = this.#init
    const open = new Set(needs.filter(need => !need.done))
    const active = new Map<string, number>()
    const strikes = new Map<string, number>()
    let running = 0
    let moved = Promise.withResolvers<void>()

    const eligible = (peerId: string, most: number): Need[] => {
      const found: Need[] = []
      for (const need of open) {
        if (!need.lacking.has(peerId)) found.push(need)
        if (found.length === most) break
      }
      return found
    }

    const job = async (peer: Peer, batch: readonly Need[]): Promise<void> => {
      const { peerId } = peer
      try {
        await receive(this.#init, peer, batch, signal, onNext)
      } catch (err) {
        const bad = err instanceof BadPeer
        strikes.set(peerId, (strikes.get(peerId) ?? 0) + (bad ? MAX_STRIKES : 1))
        if (!signal.aborted) log.debug('A peer could not give content', { peer: peerId, code: decidingCode(err) })
      }
      for (const need of batch) {
        if (need.done) onDone(need)
        else open.add(need)
      }
    }

    const pump = (): void => {
      if (signal.aborted) return
      const peers = shuffled(network.peers().filter(p => p.role === 'worker'))
      const share = Math.ceil(open.size / Math.max(1, peers.length * streamsPerPeer))
      const size = Math.min(MOST_WANTS, Math.max(FEWEST_WANTS, share))
      for (const peer of peers) {
        const { peerId } = peer
        while ((active.get(peerId) ?? 0) < streamsPerPeer && (strikes.get(peerId) ?? 0) < MAX_STRIKES) {
          const batch = eligible(peerId, size)
          if (batch.length === 0) break
          for (const need of batch) open.delete(need)
          active.set(peerId, (active.get(peerId) ?? 0) + 1)
          running += 1
          void job(peer, batch).finally(() => {
            active.set(peerId, active.get(peerId)! - 1)
            running -= 1
            moved.resolve()
          })
        }
      }
    }

    const unsubscribe = network.onPeer(() => moved.resolve())
    try {
      for (;;) {
        pump()
        if (running === 0) {
          if (open.size === 0 || signal.aborted) return
          const usable = (peerId: string): boolean => (strikes.get(peerId) ?? 0) < MAX_STRIKES
          if (!(await this.#findProviders([...open], usable, signal))) return
          pump()
          if (running === 0) return
        }
        await moved.promise
        moved = Promise.withResolvers()
      }
    } finally {
      unsubscribe()
    }
  }

  /** @returns true if somebody is connected now that may have some of it and was not asked. */
  async #findProviders(
    needs: readonly Need[],
    usable: (peerId: string) => boolean,
    outer: AbortSignal
  ): Promise<boolean> {
    const { network, log } = this.#init
    if (!network.providers) return false
    const signal = AbortSignal.any([outer, AbortSignal.timeout(LOOKUP_MS)])
    const claimed = new Set<string>()
    const lookUp = async (scAddr: ScAddr, need: Need): Promise<void> => {
      try {
        for await (const { peerId } of network.providers!(scAddr, signal)) {
          if (!need.lacking.has(peerId) && usable(peerId)) claimed.add(peerId)
        }
      } catch (err) {
        log.debug('A look-up ended early', { contract: scAddr, code: decidingCode(err) })
      }
    }
    const contracts = new Map(needs.flatMap(need => (need.scAddr ? [[need.scAddr, need]] : [])))
    await Promise.all(
      shuffled([...contracts])
        .slice(0, LOOKUPS)
        .map(([scAddr, need]) => lookUp(scAddr, need))
    )
    const meeting = AbortSignal.any([outer, AbortSignal.timeout(MEETING_MS)])
    while (claimed.size > 0 && !meeting.aborted) {
      const met = network.peers().some(({ peerId, role }) => role === 'worker' && claimed.has(peerId))
      if (met) return true
      const stop = Promise.withResolvers<void>()
      const unsubscribe = network.onPeer(() => stop.resolve())
      await Promise.race([stop.promise, sleep(MEETING_MS, meeting)])
      unsubscribe()
    }
    return false
  }
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map(item => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
