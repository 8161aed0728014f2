/**
 * Lets what is pressing go first: a receipt that misses its block costs a block, everything else a moment. What waits here waits
 * for a while at most, so that a worker that always has something pressing still gives its results away and tidies up.
 */
export class Precedence {
  /** How much is pressing now; `mayHaveEased` is to be called when it may have become nothing. */
  pressing: () => number = () => 0
  readonly #waiting = new Set<() => void>()

  /** Resolves when nothing is pressing, `limitMs` have gone by, or the signal is aborted. */
  async giveWay(limitMs: number, signal?: AbortSignal): Promise<void> {
    if (this.pressing() === 0 || signal?.aborted) return
    await new Promise<void>(resolve => {
      const go = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', go)
        this.#waiting.delete(go)
        resolve()
      }
      const timer = setTimeout(go, limitMs)
      signal?.addEventListener('abort', go, { once: true })
      this.#waiting.add(go)
    })
  }

  mayHaveEased(): void {
    if (this.#waiting.size === 0 || this.pressing() > 0) return
    for (const go of [...this.#waiting]) go()
  }
}
