/** Token buckets by key: `perSecond` on average, `burst` at once. The number of keys is bounded; the idlest go first. */
export class Quota {
  readonly #buckets = new Map<string, { tokens: number; at: number }>()
  readonly #now: () => number
  readonly #maxKeys: number

  constructor({ now = () => performance.now(), maxKeys = 4096 }: { now?: () => number; maxKeys?: number } = {}) {
    this.#now = now
    this.#maxKeys = maxKeys
  }

  /** Takes `cost` tokens (1 unless told); false if there are not so many, and then none is taken. */
  take(key: string, perSecond: number, burst: number, cost = 1): boolean {
    const now = this.#now()
    const held = this.#buckets.get(key)
    const tokens = held ? Math.min(burst, held.tokens + ((now - held.at) / 1000) * perSecond) : burst
    this.#buckets.delete(key) // a Map keeps insertion order: the first key is the idlest
    this.#buckets.set(key, { tokens: tokens >= cost ? tokens - cost : tokens, at: now })
    if (this.#buckets.size > this.#maxKeys) this.#buckets.delete(this.#buckets.keys().next().value!)
    return tokens >= cost
  }
}
