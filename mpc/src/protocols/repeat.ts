import { shapeError } from '../errors.ts'
import type { Found } from './dispute.ts'

/**
 * Whom to leave out of the next try: the fewest nodes such that each finding so far has lost one of its members, so that whoever
 * was at fault each time may be among them. Those named most often come first; then the lower number, so that all who choose by
 * the same findings choose alike.
 *
 * A pair may lose its honest member first; the next failure then names a pair with the corrupt one again.
 * @returns null if that would leave fewer than 2t + 1 nodes: the operation cannot be repeated.
 */
export function chooseWithout(
  { n, t }: { readonly n: number; readonly t: number },
  findings: readonly Found[]
): number[] | null {
  if (findings.some(found => found.length === 0)) throw shapeError('without', 'A finding that names nobody.')
  const spare = n - (2 * t + 1)
  const times = (node: number): number => findings.filter(found => found.includes(node)).length
  const suspects = [...new Set(findings.flat())].sort((a, b) => times(b) - times(a) || a - b)
  const hitsAll = (chosen: readonly number[]): boolean =>
    findings.every(found => found.some(node => chosen.includes(node)))
  const search = (from: number, chosen: readonly number[], size: number): number[] | null => {
    if (chosen.length === size) return hitsAll(chosen) ? [...chosen] : null
    for (let i = from; i < suspects.length; i++) {
      const found = search(i + 1, [...chosen, suspects[i]!], size)
      if (found) return found
    }
    return null
  }
  for (let size = 0; size <= spare; size++) {
    const found = search(0, [], size)
    if (found) return found.sort((a, b) => a - b)
  }
  return null
}
