/** Every legal degree for 3, 4, 5 and 7 nodes: 2t + 1 <= n. */
export const LEGAL: readonly (readonly [n: number, t: number])[] = [
  [3, 1],
  [4, 1],
  [5, 1],
  [5, 2],
  [7, 1],
  [7, 2],
  [7, 3]
]
