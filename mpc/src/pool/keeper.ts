import type { Order } from './fill.ts'
import { needOf } from './fill.ts'
import type { Pool } from './pool.ts'

export interface KeeperOptions {
  readonly pool: Pool
  readonly n: number
  /** How much of each should be ready; made in batches of that size. */
  readonly targets: readonly Order[]
  /** Has all nodes run `fillPool` for this order in a session of that number: the host's business. */
  readonly make: (order: Order, number: number) => Promise<void>
  /** Told when a batch could not be made; the keeper then waits for the next end of a task. */
  readonly onFailure?: (error: unknown) => void
  /** The first number to use; numbers are never used twice. */
  readonly firstNumber?: number
}

/**
 * Fills a pool in idle time. One node of the network keeps: whenever none of its tasks runs and something is short, it has one
 * batch made. A task that begins meanwhile waits for nothing: the batch goes on beside it.
 */
export class PoolKeeper {
  readonly #options: KeeperOptions
  #next: number
  #tasks = 0
  #working = false
  #running: Promise<void> = Promise.resolve()
  #stopped = true

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#next = options.firstNumber ?? 0
  }

  start(): void {
    this.#stopped = false
    this.#wake()
  }

  /** Resolves when the batch that is being made is done. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /** Runs a task of the host; nothing new is made meanwhile. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    this.#tasks++
    try {
      return await task()
    } finally {
      this.#tasks--
      this.#wake()
    }
  }

  /** Batches that the keeper has asked for so far. */
  get asked(): number {
    return this.#next - (this.#options.firstNumber ?? 0)
  }

  #shortage(): Order | undefined {
    const { pool, targets, n } = this.#options
    const inventory = pool.inventory()
    return targets.find(order => {
      const { kind, count } = needOf(order, n)
      return (inventory[kind] ?? 0) < count
    })
  }

  #wake(): void {
    if (this.#stopped || this.#working) return
    this.#working = true
    this.#running = this.#work()
  }

  async #work(): Promise<void> {
    while (!this.#stopped && this.#tasks === 0) {
      const order = this.#shortage()
      if (!order) break
      try {
        await this.#options.make(order, this.#next++)
      } catch (error) {
        this.#options.onFailure?.(error)
        break
      }
    }
    this.#working = false
  }
}
