import { setTimeout as sleep } from 'node:timers/promises'
import { asError } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'

/** What has to be stopped, in the reverse order of its start, each within its time. */
export interface Stops {
  add(name: string, stop: () => Promise<unknown>): void
  run(): Promise<void>
}

const EACH_MS = 3_000

export function createStops(log: Logger): Stops {
  const list: { readonly name: string; readonly stop: () => Promise<unknown> }[] = []
  return {
    add: (name, stop) => void list.push({ name, stop }),
    async run() {
      for (const { name, stop } of list.splice(0).reverse()) {
        const late = sleep(EACH_MS, 'late' as const, { ref: false })
        const done = stop().catch(error => log.warn(`stopping ${name} failed`, { error: asError(error).message }))
        if ((await Promise.race([done, late])) === 'late') log.warn(`${name} did not stop in time`)
      }
    }
  }
}
