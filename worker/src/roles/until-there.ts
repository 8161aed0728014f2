import { asError } from '@enigma/protocol'
import { orAborted, sleep } from '../net/deadline.ts'
import type { Logger } from '../ops/log.ts'

export interface UntilThere {
  /** Ends the waiting: the node stops. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** For the log: "waiting for ...". */
  readonly what: string
  readonly pauseMs?: number
  /** One look that takes longer counts as failed, and the next one is taken. Null: what it does has deadlines of its own. */
  readonly lookMs?: number | null
  /** Failures after which it is tried again; others come out. Default: all. */
  readonly isPassing?: (error: unknown) => boolean
  /** How often the log says that it is still waiting. */
  readonly reminderMs?: number
}

/**
 * Looks until there is something. Others have to bring it, so the whole has no deadline but the node's end; each look has one.
 *
 * @throws the reason of `signal`, and what does not pass
 */
export async function untilThere<T>(look: () => Promise<T | null>, options: UntilThere): Promise<T> {
  const { signal, log, what, pauseMs = 250, lookMs = 30_000, reminderMs = 60_000, isPassing = () => true } = options
  const begun = performance.now()
  let reminded = begun
  for (;;) {
    signal.throwIfAborted()
    try {
      const limit = lookMs === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(lookMs)])
      const found = await orAborted(look(), limit)
      if (found !== null) return found
    } catch (error) {
      signal.throwIfAborted()
      if (!isPassing(error)) throw error
      log.warn(`could not look for ${what}; it is tried again`, { error: asError(error).message })
    }
    const now = performance.now()
    if (now - reminded >= reminderMs) {
      reminded = now
      log.info(`still waiting for ${what}`, { seconds: Math.round((now - begun) / 1000) })
    }
    await sleep(pauseMs, signal)
  }
}
