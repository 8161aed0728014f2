import { setTimeout as sleep } from 'node:timers/promises'
import type { Miner } from './chain-process.ts'

const intervalMs = 150

/** Mines a block every 150 ms while a network is set up, so that what waits for blocks need not wait for seconds. */
export class BlockPump {
  #running = true
  readonly #done: Promise<void>

  constructor(miner: Miner) {
    this.#done = this.#run(miner)
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
  }

  async #run(miner: Miner): Promise<void> {
    while (this.#running) {
      await sleep(intervalMs)
      if (this.#running) await miner.mine().catch(() => undefined) // a dead chain is noticed by whoever waits for it
    }
  }
}
