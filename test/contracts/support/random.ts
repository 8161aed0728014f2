/** Random choices that a printed seed repeats. */
export interface Random {
  /** An integer from 0 to n - 1. */
  below(n: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

/** The seed of this run: ENIGMA_TEST_SEED, or a new one. */
export function seedOfRun(): number {
  const given = process.env.ENIGMA_TEST_SEED
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given)
}

/** mulberry32: small, fast, good enough to choose test steps. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return { below, chance: probability => next() < probability, pick: from => from[below(from.length)]! }
}
