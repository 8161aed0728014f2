import { setTimeout as sleep } from 'node:timers/promises'
import { DevnetError } from './errors.ts'

export interface WaitOptions {
  /** Ends the sentence "... did not happen within": what is waited for. */
  readonly what: string
  readonly limitMs: number
  readonly intervalMs?: number
  readonly signal?: AbortSignal
  /** Called when time is up, for the rest of the sentence. */
  readonly explain?: () => string
}

/**
 * Asks until the answer is neither undefined nor false. An error that the question throws is kept as the cause and asked again,
 * because a server that is starting refuses connections.
 *
 * @throws DEVNET_TIMEOUT after `limitMs`; the signal's reason if it is aborted first.
 */
export async function waitFor<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions
): Promise<T> {
  const { what, limitMs, intervalMs = 100, signal, explain } = options
  const deadline = Date.now() + limitMs
  let cause: unknown
  for (;;) {
    signal?.throwIfAborted()
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      cause = undefined
    } catch (error) {
      if (error instanceof DevnetError) throw error
      cause = error
    }
    if (Date.now() >= deadline) {
      const why = explain?.() ?? ''
      throw new DevnetError(
        { code: 'DEVNET_TIMEOUT', what, limitMs },
        `Waited ${limitMs / 1000} s for ${what}.${why && ` ${why}`}`,
        {
          hint: 'A slow or busy machine needs longer; otherwise the log of the process says what it is waiting for.',
          cause
        }
      )
    }
    await sleep(intervalMs, undefined, signal ? { signal } : {}).catch(() => undefined)
  }
}
