import { sleep, stallLimit } from '../net/deadline.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import { SyncError } from './errors.ts'
import type { Fetcher, FetchOptions } from './fetcher.ts'
import { Halves } from './halves.ts'
import type { Inventory } from './inventory.ts'
import type { Need } from './needs.ts'
import type { OnNext } from './receiver.ts'

export interface GatheringInit {
  readonly network: Pick<PeerNetwork, 'onPeer'>
  readonly fetcher: Fetcher
  readonly inventory: Inventory
  /** How long it goes on although nothing moves. */
  readonly fetchTimeoutMs?: number | undefined
  /** Before everybody is asked again; later pauses are twice as long each, up to MOST_PAUSE_MS. */
  readonly firstPauseMs?: number | undefined
}

/** Without a contract or a code that is whole, or so many bytes of one: a large one over a slow link stands not still. */
const FETCH_TIMEOUT_MS = 20_000
const MOVED_BYTES = 16 * 1024
const FIRST_PAUSE_MS = 100
const MOST_PAUSE_MS = 2_000

type FetchEvents = Pick<FetchOptions, 'onDone' | 'onNext'>

/** Asks peers for what is missing, once or again and again, for as long as something comes. */
export class Gathering {
  readonly #init: GatheringInit
  #pushed = Promise.withResolvers<void>()
  #halves = new Halves()

  constructor(init: GatheringInit) {
    this.#init = init
  }

  /** A push was stored, of this node or another: whoever waits looks whether that was all. */
  told(): void {
    this.#pushed.resolve()
    this.#pushed = Promise.withResolvers()
  }

  /** Fetches until nothing is missing. @throws SYNC_INCOMPLETE when hardly anything has come for fetchTimeoutMs, or the signal aborts. */
  async untilHere(
    what: string,
    outer: AbortSignal | undefined,
    missing: () => Promise<Need[]>,
    onDone: (need: Need) => void = () => undefined
  ): Promise<void> {
    const stall = this.#stall()
    const signal = outer ? AbortSignal.any([stall.signal, outer]) : stall.signal
    try {
      const arrived = (need: Need): void => {
        stall.moved()
        onDone(need)
      }
      await this.#untilNone(what, signal, missing, { onDone: arrived, onNext: stall.onNext })
    } finally {
      stall.stop()
    }
  }

  /** One round, for as long as something comes. */
  async round(needs: readonly Need[], outer: AbortSignal): Promise<void> {
    const stall = this.#stall()
    try {
      await this.once(needs, AbortSignal.any([outer, stall.signal]), {
        onDone: () => stall.moved(),
        onNext: stall.onNext
      })
    } finally {
      stall.stop()
    }
  }

  /** One round, until the signal. */
  async once(needs: readonly Need[], signal: AbortSignal, { onDone, onNext }: FetchEvents = {}): Promise<void> {
    const { fetcher, inventory } = this.#init
    const note = inventory.noter()
    const halves = this.#halves
    halves.resume(needs)
    await fetcher.fetch(needs, {
      signal,
      onDone(need) {
        note(need)
        onDone?.(need)
      },
      onNext
    })
    if (halves === this.#halves) halves.keep(needs)
  }

  /** The chain was reorganised: what was begun may be of the branch that it left. */
  forget(): void {
    this.#halves = new Halves()
  }

  async #untilNone(
    what: string,
    signal: AbortSignal,
    missing: () => Promise<Need[]>,
    events: FetchEvents
  ): Promise<void> {
    const { firstPauseMs = FIRST_PAUSE_MS } = this.#init
    let pause = firstPauseMs
    for (let before = Infinity; ;) {
      const needs = await missing()
      if (needs.length === 0) return
      if (signal.aborted) {
        throw new SyncError({ code: 'SYNC_INCOMPLETE', what }, `No worker gave ${what} in time.`, {
          hint: 'It is tried again by itself; look at /status for the number of peers.'
        })
      }
      await this.once(needs, signal, events)
      const left = needs.filter(need => !need.done).length
      if (left === 0) continue
      if (left < before) pause = firstPauseMs
      before = left
      await this.#rest(pause, signal, missing)
      pause = Math.max(firstPauseMs, Math.min(MOST_PAUSE_MS, pause * 2))
    }
  }

  /** Waits before everybody is asked again; ends early when somebody new is there to ask, or a push has brought all that is missing. */
  async #rest(pauseMs: number, signal: AbortSignal, missing: () => Promise<Need[]>): Promise<void> {
    const over = new AbortController()
    const woken = Promise.withResolvers<void>()
    const unsubscribe = this.#init.network.onPeer(() => woken.resolve())
    const paused = sleep(pauseMs, AbortSignal.any([signal, over.signal])).then(() => woken.resolve())
    try {
      for (let isOver = false; !isOver;) {
        const pushed = this.#pushed.promise.then(() => false)
        isOver = await Promise.race([woken.promise.then(() => true), pushed])
        if (!isOver) isOver = (await missing()).length === 0
      }
    } finally {
      unsubscribe()
      over.abort()
      await paused
    }
  }

  /** Ends what has not moved by so many bytes for `fetchTimeoutMs`. */
  #stall(): ReturnType<typeof stallLimit> & { readonly onNext: OnNext } {
    const limit = stallLimit(this.#init.fetchTimeoutMs ?? FETCH_TIMEOUT_MS)
    let bytes = 0
    const onNext: OnNext = more => {
      bytes += more
      if (bytes < MOVED_BYTES) return
      bytes = 0
      limit.moved()
    }
    return { ...limit, onNext }
  }
}
