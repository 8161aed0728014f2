/** xorshift32: the same choices again with SEED=<printed>. */
export function seededRandom(): { seed: number; pick: (below: number) => number } {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  let x = seed | 1
  const pick = (below: number): number => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
  return { seed, pick }
}
