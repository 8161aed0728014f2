import { asError } from '@enigma/protocol'

/** The promise's value, unless the signal aborts first: then its reason is thrown. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(asError(signal.reason))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Waits; ends early, without an error, when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** Aborts when nothing has moved for `ms`: a slow path may take its time, a dead one may not. */
export function stallLimit(ms: number): { readonly signal: AbortSignal; moved(): void; stop(): void } {
  const controller = new AbortController()
  const over = (): void => controller.abort(new DOMException('Nothing moved in time.', 'TimeoutError'))
  let timer = setTimeout(over, ms)
  return {
    signal: controller.signal,
    moved() {
      clearTimeout(timer)
      timer = setTimeout(over, ms)
    },
    stop: () => clearTimeout(timer)
  }
}
