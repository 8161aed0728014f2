import { setTimeout as sleep } from 'node:timers/promises'

export interface RetryOptions {
  readonly signal: AbortSignal
  readonly firstPauseMs: number
  readonly longestPauseMs: number
  /** Told of every failure; not of one that comes after the end. */
  readonly onFailure: (error: unknown) => void
}

/** Does the work until it succeeds or the signal ends it; the pauses double. Null if it was ended. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T | null> {
  const { signal, firstPauseMs, longestPauseMs, onFailure } = options
  let pause = firstPauseMs
  while (!signal.aborted) {
    try {
      const done = await work()
      return signal.aborted ? null : done
    } catch (error) {
      if (signal.aborted) return null
      onFailure(error)
      await sleep(pause, undefined, { signal }).catch(() => undefined)
      pause = Math.min(2 * pause, longestPauseMs)
    }
  }
  return null
}
