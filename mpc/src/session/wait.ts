import { MpcError } from '../errors.ts'
import type { WaitOptions } from './channel.ts'

/** What a wait ends with when the host ends the session. */
export const abortedBy = (operation: string, { reason }: AbortSignal): MpcError =>
  new MpcError({ code: 'MPC_ABORTED', operation }, 'The session was ended from outside.', { cause: reason })

/**
 * The value of a promise that something else settles, or the end of the wait for it: by its deadline with what `late` gives, or by
 * the session's signal. Leaves no timer and no listener.
 * @throws MPC_ABORTED, and what `late` gives.
 */
export function within<T>(
  answer: Promise<T>,
  operation: string,
  { timeoutMs, signal }: WaitOptions,
  late: () => MpcError
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    const onAbort = (): void => {
      end()
      reject(abortedBy(operation, signal!))
    }
    const timer = setTimeout(() => {
      end()
      reject(late())
    }, timeoutMs)
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort)
    answer.then(resolve, reject).finally(end)
  })
}
