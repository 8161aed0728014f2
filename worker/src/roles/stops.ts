import { setTimeout as sleep } from 'node:timers/promises'
import { asError } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'

/** What has to be stopped, in the reverse order of its start, each within its time. */
export interface Stops {
  /** Aborted as soon as the node begins to end: whatever waits gives up. */
  readonly signal: AbortSignal
  /** `limitMs`: for what may take longer than others. What comes when the node is ending already is stopped at once. */
  add(name: string, stop: () => unknown, limitMs?: number): void
  /** Never rejects. Once only; later calls wait for the same end. */
  run(): Promise<Outcome>
  /** What is being stopped, was given up, or has its turn still to come. */
  running(): readonly string[]
}

/** Names of what did not stop in time, and of what could not be stopped. */
export interface Outcome {
  readonly late: readonly string[]
  readonly failed: readonly string[]
}

export interface StopLimits {
  readonly eachMs: number
  /** All of them; the last ones, the database among them, still get `leastMs` each. */
  readonly allMs: number
  readonly leastMs: number
}

const LIMITS: StopLimits = { eachMs: 3_000, allMs: 8_000, leastMs: 100 }

interface Part {
  readonly name: string
  readonly stop: () => unknown
  readonly limitMs: number
}

export function createStops(log: Logger, limits: StopLimits = LIMITS): Stops {
  const ending = new AbortController()
  const list: Part[] = []
  const open = new Set<string>()
  const late: string[] = []
  const failed: string[] = []
  let run: Promise<Outcome> | undefined

  async function stopOne({ name, stop, limitMs: own }: Part, leftMs: number): Promise<void> {
    const limitMs = Math.max(limits.leastMs, Math.min(own, leftMs))
    open.add(name)
    const done = Promise.resolve()
      .then(stop)
      .catch(error => {
        failed.push(name)
        log.warn(`stopping ${name} failed`, { error: asError(error).message })
      })
      .finally(() => open.delete(name))
    const timer = sleep(limitMs, 'late' as const, { ref: false })
    if ((await Promise.race([done, timer])) !== 'late') return
    late.push(name)
    log.warn(`${name} did not stop in time`, { limitMs: Math.round(limitMs) })
  }

  async function runAll(): Promise<Outcome> {
    const begun = performance.now()
    ending.abort(new Error('the node stops'))
    for (let next = list.pop(); next !== undefined; next = list.pop()) {
      await stopOne(next, begun + limits.allMs - performance.now())
    }
    return { late, failed }
  }

  return {
    signal: ending.signal,
    add(name, stop, limitMs = limits.eachMs) {
      const part = { name, stop, limitMs }
      if (run === undefined) list.push(part)
      else void stopOne(part, 0)
    },
    run: () => (run ??= runAll()),
    running: () => [...open, ...list.map(({ name }) => name)]
  }
}
