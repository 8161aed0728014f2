const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Turns Ctrl-C, SIGTERM and a closed terminal into an AbortSignal. A second Ctrl-C ends this process at once; the reaper does the rest. */
export class StopSignal {
  readonly #controller = new AbortController()
  readonly #listener = (): void => {
    if (this.#controller.signal.aborted) process.exit(130)
    this.#controller.abort(new Error('stopped by a signal'))
  }

  constructor() {
    for (const name of stopSignals) process.on(name, this.#listener)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get stopped(): boolean {
    return this.signal.aborted
  }

  /** Resolves when the first signal comes. */
  wait(): Promise<void> {
    if (this.stopped) return Promise.resolve()
    return new Promise(resolve => this.signal.addEventListener('abort', () => resolve(), { once: true }))
  }

  dispose(): void {
    for (const name of stopSignals) process.off(name, this.#listener)
  }
}
