import type { Random } from '@enigma/faults'

/** Things of which rows that run at once take single ones, each for a while. */
export class Lender<T> {
  readonly #free: Set<T>
  #changed = Promise.withResolvers<void>()

  constructor(all: readonly T[]) {
    this.#free = new Set(all)
  }

  /** Any of these, once one of them is free. */
  async borrow(random: Pick<Random, 'pick'>, wanted: (one: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const found = [...this.#free].filter(wanted)
      if (found.length > 0) {
        const one = random.pick(found)
        this.#free.delete(one)
        return one
      }
      await this.#changed.promise
    }
  }

  giveBack(one: T): void {
    this.#free.add(one)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
