import { readdirSync } from 'node:fs'

/** Open file descriptors of this process. */
export const openFiles = (): number => readdirSync('/proc/self/fd').length

/**
 * Memory that this process cannot give back, buffers outside the heap included (lanes run with --expose-gc). Not the resident set: rows
 * beside this one, and pages the allocator keeps, would show in it.
 */
export function liveBytes(): number {
  globalThis.gc?.()
  return heldBytes()
}

/** Memory of this process now, with what could be collected. */
export function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
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
