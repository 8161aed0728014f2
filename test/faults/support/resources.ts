import { readdirSync } from 'node:fs'

/** Open file descriptors of this process. */
export const openFiles = (): number => readdirSync('/proc/self/fd').length

/** Resident memory of this process, after collecting what can be collected (lanes run with --expose-gc). */
export function residentBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

export const MIB = 1024 * 1024

/** Delays of the event loop while something runs, in ms: how long others had to wait. */
export class LoopLag {
  readonly #delays: number[] = []
  readonly #timer: NodeJS.Timeout
  #last = performance.now()

  constructor() {
    const everyMs = 10
    this.#timer = setInterval(() => {
      const now = performance.now()
      this.#delays.push(Math.max(0, now - this.#last - everyMs))
      this.#last = now
    }, everyMs)
  }

  stop(): readonly number[] {
    clearInterval(this.#timer)
    return this.#delays
  }
}
