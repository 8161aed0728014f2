import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { processTree } from '@enigma/devnet'

/** Open file descriptors of this process. */
export const openFiles = (): number => readdirSync('/proc/self/fd').length

/** Accepted TCP connections of a port of this machine, in any state, that a process holds: those that only the kernel has belong to nobody. */
export function socketsAt(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const LISTENING = '0A'
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, at = '', , state, , , , , , inode]) => at.endsWith(local) && state !== LISTENING && inode !== '0')
    .length
}

/**
 * Memory that this process cannot give back, buffers outside the heap included (lanes run with --expose-gc). Not the resident set: rows
 * beside this one, and pages the allocator keeps, would show in it.
 */
export function liveBytes(): number {
  globalThis.gc?.()
  return heldBytes()
}

const SETTLING_LOOKS = 6
const SETTLING_MS = 200

/** The same once it has settled: buffers of sockets that were closed, and those that a collection freed, go a moment later. */
export async function settledBytes(): Promise<number> {
  let least = Infinity
  for (let i = 0; i < SETTLING_LOOKS; i++) {
    await sleep(SETTLING_MS)
    least = Math.min(least, liveBytes())
  }
  return least
}

/** Memory of this process now, with what could be collected. */
export function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export const MIB = 1024 * 1024

/**
 * How long others had to wait for the event loop while something ran, in ms: as the clock has it, and as processor time of this thread
 * between two looks, which other programs on the machine do not add to.
 */
export class LoopLag {
  readonly #delays: number[] = []
  readonly #worked: number[] = []
  readonly #timer: NodeJS.Timeout
  #last = performance.now()
  #used = threadMs()

  constructor() {
    const everyMs = 10
    this.#timer = setInterval(() => {
      const [now, used] = [performance.now(), threadMs()]
      this.#delays.push(Math.max(0, now - this.#last - everyMs))
      this.#worked.push(used - this.#used)
      this.#last = now
      this.#used = used
    }, everyMs)
  }

  stop(): { readonly delays: readonly number[]; readonly worked: readonly number[] } {
    clearInterval(this.#timer)
    return { delays: this.#delays, worked: this.#worked }
  }
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const TICK_MS = 10 // what /proc counts in: USER_HZ is 100 on every Linux

/** Processor time that a process and its children have used so far, in ms: the same on a busy machine as on an idle one, nearly. */
export function processorMs(pid: number): number {
  return processTree(pid).reduce((sum, one) => sum + ticksOf(one.pid) * TICK_MS, 0)
}

function ticksOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return Number(fields[11]) + Number(fields[12]) // utime, stime
  } catch {
    return 0 // it has ended
  }
}
