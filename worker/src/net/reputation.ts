/** What peers did wrong. Points halve every ten minutes; at `banPoints` a peer is sent away for `banMs`. */
export class Reputation {
  readonly #points = new Map<string, { points: number; at: number }>()
  readonly #bannedUntil = new Map<string, number>()
  readonly #settings: { readonly banPoints: number; readonly banMs: number }
  readonly #now: () => number

  /** @param now ms that only go forward: a clock that falls back must not lengthen a ban */
  constructor(
    settings: { readonly banPoints: number; readonly banMs: number },
    now: () => number = () => performance.now()
  ) {
    this.#settings = settings
    this.#now = now
  }

  /** @returns true if this made the peer banned. */
  penalise(peerId: string, points: number): boolean {
    const now = this.#now()
    const held = this.#points.get(peerId)
    const total = points + (held ? held.points * 0.5 ** ((now - held.at) / HALF_LIFE_MS) : 0)
    this.#points.delete(peerId)
    // Rounded: two offences of half the limit are the limit, although the first has faded by a hair.
    if (Math.round(total) < this.#settings.banPoints) {
      remember(this.#points, peerId, { points: total, at: now })
      return false
    }
    this.#bannedUntil.delete(peerId)
    remember(this.#bannedUntil, peerId, now + this.#settings.banMs)
    return true
  }

  isBanned(peerId: string): boolean {
    const until = this.#bannedUntil.get(peerId)
    if (until === undefined) return false
    if (until > this.#now()) return true
    this.#bannedUntil.delete(peerId)
    return false
  }
}

const HALF_LIFE_MS = 10 * 60 * 1000
const MAX_REMEMBERED = 4096

/** Peer ids cost nothing to make: the table must not grow with them. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value)
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value!)
}
