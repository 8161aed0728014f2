import type { Need } from './needs.ts'

/** Contents begun and not finished that are remembered; each is half a MiB at most. */
const MAX_HALVES = 32

/** What looks for missing content have begun and not finished: the next one goes on there, however often a slow link ends one. */
export class Halves {
  readonly #byContent = new Map<string, Need>()

  /** Gives each need what was begun of it. Nobody else is given it until it is kept again. */
  resume(needs: readonly Need[]): void {
    for (const need of needs) {
      const half = this.#byContent.get(contentOf(need))
      if (!half) continue
      this.#byContent.delete(contentOf(need))
      need.resume(half)
    }
  }

  keep(needs: readonly Need[]): void {
    for (const need of needs) {
      if (need.done || need.got === 0) continue
      this.#byContent.delete(contentOf(need))
      this.#byContent.set(contentOf(need), need)
      if (this.#byContent.size > MAX_HALVES) this.#byContent.delete(this.#byContent.keys().next().value!)
    }
  }
}

const contentOf = ({ kind, id }: Need): string => `${kind} ${id}`
