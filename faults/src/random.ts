/** Random numbers that a printed seed brings back. */
export interface Random {
  readonly seed: number
  /** In [0, 1). */
  next(): number
  /** A whole number in [0, below). */
  below(below: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
  bytes(length: number): Uint8Array<ArrayBuffer>
  /** A generator of its own, so that what one part draws does not shift what another one sees. */
  fork(label: string): Random
}

/** mulberry32: 32 bits of state, enough for choosing faults, of no use for secrets. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    seed,
    next,
    below,
    chance: probability => next() < probability,
    pick(from) {
      if (from.length === 0) throw new RangeError('There is nothing to pick from.')
      return from[below(from.length)]!
    },
    bytes: length => Uint8Array.from({ length }, () => below(256)),
    fork: label => randomOf([...label].reduce((mix, char) => Math.imul(mix ^ char.charCodeAt(0), 0x01000193), seed))
  }
}
