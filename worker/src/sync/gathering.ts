import { sleep, stallLimit } from '../net/deadline.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import { SyncError } from './errors.ts'
import type { Fetcher, FetchOptions } from './fetcher.ts'
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
  once(needs: readonly Need[], signal: AbortSignal, { onDone, onNext }: FetchEvents = {}): Promise<void> {
    const { fetcher, inventory } = this.#init
    const note = inventory.noter()
    return fetcher.fetch(needs, {
      signal,
      onDone(need) {
        note(need)
        onDone?.(need)
      },
      onNext
    })
  }

  async #untilNone(
    what: string,
    signal: AbortSignal,
    missing: () => Promise<Need[]>,
    events: FetchEvents
  ): Promise<void> {
    const { firstPauseMs = FIRST_PAUSE_MS } = this.#init
    let pause = firstPauseMs
    let needs: Need[] = []
    for (let before = Infinity; ;) {
      needs = resumed(await missing(), needs)
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

/** What a cut left half done goes on where it was. */
function resumed(needs: readonly Need[], before: readonly Need[]): Need[] {
  const halves = new Map(before.filter(need => need.want.offset > 0).map(need => [need.id, need]))
  return needs.map(need => {
    const half = halves.get(need.id)
    if (!half || half.kind !== need.kind || half.next !== need.next || half.to !== need.to) return need
    half.lacking.clear()
    return half
  })
}
