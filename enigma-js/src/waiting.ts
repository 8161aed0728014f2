/** Waits that always end: by time, or by the caller's AbortSignal. */

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
}

/** Resolves after `ms`. Rejects with the signal's reason when that comes first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error)
      return
    }
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal!.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** Settles as `work` does, unless `ms` pass first: then rejects with `late()`. The work itself is not stopped. */
export function within<T>(work: Promise<T>, ms: number, late: () => Error, signal?: AbortSignal): Promise<T> {
  const timer = new AbortController()
  const tooLate = sleep(ms, signal ? AbortSignal.any([timer.signal, signal]) : timer.signal).then(
    () => Promise.reject(late()),
    (reason: unknown) => Promise.reject(signal?.aborted ? (signal.reason as Error) : (reason as Error))
  )
  tooLate.catch(() => undefined) // it lost the race
  return Promise.race([work, tooLate]).finally(() => timer.abort())
}

/** Growing pauses for polling: `first`, then half as much again each time, up to `max`. */
export function backoff(first: number, max: number): () => number {
  let next = first
  return () => {
    const now = next
    next = Math.min(max, Math.ceil(next * 1.5))
    return now
  }
}

/** One holder at a time, first come first served. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(work, work)
    this.#tail = mine.catch(() => undefined)
    return mine
  }
}

export const isAbort = (error: unknown, signal?: AbortSignal): boolean =>
  signal?.aborted === true && error === signal.reason
