/** What holds a small value costs more than the value: half a kilobyte. */
const MOST_VALUES = 1_024

/** The values that were met last, up to a number of them and of bytes in all: what is needed again in a moment is not read from disk twice. */
export class RecentBytes<K, V> {
  readonly #held = new Map<K, { readonly value: V; readonly bytes: number }>()
  readonly #maxBytes: number
  readonly #maxValues: number
  #bytes = 0

  constructor(maxBytes: number, maxValues = MOST_VALUES) {
    this.#maxBytes = maxBytes
    this.#maxValues = maxValues
  }

  get(key: K): V | undefined {
    return this.#held.get(key)?.value
  }

  set(key: K, value: V, bytes: number): void {
    this.delete(key)
    if (bytes > this.#maxBytes) return
    this.#held.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#maxBytes && this.#held.size <= this.#maxValues) return
      this.delete(oldest)
    }
  }

  delete(key: K): void {
    this.#bytes -= this.#held.get(key)?.bytes ?? 0
    this.#held.delete(key)
  }
}
