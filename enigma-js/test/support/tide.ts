import { setTimeout as sleep } from 'node:timers/promises'
import type { Eip1193Provider } from 'ethers'
import type { Handlers } from './worker-server.ts'

/** No question is on its way for so long: then all that were asked are answered. */
const STILL_MS = 80

/**
 * Holds every question back until nothing more is asked without an answer, then lets all of them through: `count` is the number of round
 * trips in a row that somebody far away would wait for.
 */
export class Tide {
  count = 0
  #held: (() => void)[] = []
  #last = 0
  #turning = false

  async pass(): Promise<void> {
    const through = new Promise<void>(resolve => this.#held.push(resolve))
    this.#last = performance.now()
    if (!this.#turning) void this.#turn()
    return through
  }

  async #turn(): Promise<void> {
    this.#turning = true
    do await sleep(STILL_MS / 4)
    while (performance.now() - this.#last < STILL_MS)
    this.#turning = false
    this.count += 1
    for (const go of this.#held.splice(0)) go()
  }

  provider(inner: Eip1193Provider): Eip1193Provider {
    return {
      request: async question => {
        await this.pass()
        return inner.request(question) as Promise<unknown>
      }
    }
  }

  handlers(inner: Handlers): Handlers {
    const held = Object.entries(inner).map(([method, answer]) => [
      method,
      async (params: never) => {
        await this.pass()
        return (answer as (given: never) => unknown)(params)
      }
    ])
    return Object.fromEntries(held) as Handlers
  }
}
