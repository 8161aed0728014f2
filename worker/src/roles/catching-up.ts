import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import type { DeltaSync, SyncProgress } from '../sync/interfaces.ts'
import { sleep } from '../net/deadline.ts'

export interface CatchingUpParts {
  readonly sync: Pick<DeltaSync, 'syncAll' | 'incomplete'>
  /** Contracts on chain. */
  readonly known: () => number
  /** Whether other workers answer this one. */
  readonly isRegistered: () => boolean
  readonly board: StatusBoard
  readonly log: Logger
  readonly signal: AbortSignal
  readonly limits?: Partial<CatchingUpLimits>
}

export interface CatchingUpLimits {
  /** The step `sync` of the start; then the start goes on, and so does the fetching. */
  readonly firstMs: number
  /** The same for a newcomer, whom nobody answers before it is registered. */
  readonly strangerMs: number
  /** How long a login is put off for what is missing still: one bad contract may not keep a worker out. */
  readonly beforeLoginMs: number
  /** One further round. */
  readonly roundMs: number
  readonly pauseMs: number
}

const LIMITS: CatchingUpLimits = {
  firstMs: 15_000,
  strangerMs: 1_000,
  beforeLoginMs: 120_000,
  roundMs: 15_000,
  pauseMs: 1_000
}

/** What nobody has given for long is asked for once in a while; a push brings it at once. */
const LONGEST_PAUSE_MS = 60_000

/** The step `sync`: done when this node holds everything that the chain names, and not before. */
export interface CatchingUp {
  /** Contracts that are whole; 0 before the first look. */
  readonly synced: number
  /** Whether there was time enough for what can be had: false during the start, and for a newcomer until after `register`. */
  readonly tried: boolean
  round(signal: AbortSignal): Promise<SyncProgress>
  /** At its place in the start. */
  first(): Promise<void>
  /** Once registered: resolves when all is here, or after `beforeLoginMs`; goes on by itself until all is here. */
  finish(): Promise<void>
}

export function createCatchingUp({
  sync,
  known,
  isRegistered,
  board,
  log,
  signal,
  limits
}: CatchingUpParts): CatchingUp {
  const { firstMs, strangerMs, beforeLoginMs, roundMs, pauseMs } = { ...LIMITS, ...limits }
  let looked = false
  let tried = false
  let whole = false

  function show({ contracts, done, bytes }: SyncProgress): void {
    const text = `${done} of ${contracts} contracts, ${mebibytes(bytes)} fetched`
    if (whole) board.step('sync', 'done', text)
    else if (!isRegistered()) board.waits('sync', 'WAITS_FOR_REGISTRATION', text)
    else board.waits('sync', 'WAITS_FOR_CONTENT', text)
  }

  async function round(end: AbortSignal): Promise<SyncProgress> {
    const progress = await sync.syncAll(({ contracts, done, bytes }) => {
      if (!whole && done < contracts) {
        board.step('sync', 'running', `${done} of ${contracts} contracts, ${mebibytes(bytes)} fetched`)
      }
    }, end)
    looked = true
    whole = progress.failed.length === 0
    show(progress)
    return progress
  }
  const within = (ms: number): AbortSignal => AbortSignal.any([AbortSignal.timeout(ms), signal])

  async function untilWhole(): Promise<void> {
    for (let pause = pauseMs; !whole && !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      await round(within(roundMs))
      if (!whole) await sleep(pause, signal)
    }
  }

  return {
    get synced() {
      return looked ? Math.max(0, known() - sync.incomplete()) : 0
    },
    get tried() {
      return tried
    },
    round,
    async first() {
      board.step('sync', 'running')
      const registered = isRegistered()
      await round(within(registered ? firstMs : strangerMs))
      tried = registered || whole
    },
    async finish() {
      const end = untilWhole().catch((error: unknown) => log.warn('sync failed', { error: String(error) }))
      await Promise.race([end, sleep(beforeLoginMs, signal)])
      tried = true
    }
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
