/** Answers kept at a time: the oldest is let go. */
const MOST_KEPT = 1_024

interface Held<V> {
  readonly answer: Promise<V>
  untilMs: number
}

/** Looks at a thing for many who ask at the same time: once, and the answer holds for `keepMs` more. A failure is shared, too. */
export class SharedLook<K, V> {
  readonly #keepMs: number
  readonly #held = new Map<K, Held<V>>()

  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  at(key: K, look: () => Promise<V>): Promise<V> {
    const known = this.#held.get(key)
    if (known && known.untilMs > performance.now()) return known.answer
    const held: Held<V> = { answer: look(), untilMs: Infinity }
    const over = (): void => void (held.untilMs = performance.now() + this.#keepMs)
    held.answer.then(over, over)
    this.#held.delete(key)
    this.#held.set(key, held)
    if (this.#held.size > MOST_KEPT) this.#held.delete(this.#held.keys().next().value!)
    return held.answer
  }
}
