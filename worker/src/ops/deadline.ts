export interface Deadline {
  readonly signal: AbortSignal
  /** Nothing waits any more. A deadline that is left to pass makes an error that nobody sees, which costs more than the timer. */
  clear(): void
}

/** Aborts after `ms`, or with `outer`, as AbortSignal.timeout and AbortSignal.any do. */
export function deadlineIn(ms: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    outer?.removeEventListener('abort', end)
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
  }, ms)
  timer.unref()
  const end = (): void => {
    clearTimeout(timer)
    controller.abort(outer?.reason)
  }
  if (outer?.aborted) end()
  else outer?.addEventListener('abort', end, { once: true })
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', end)
    }
  }
}
