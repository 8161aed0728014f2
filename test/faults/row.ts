import type { Random } from '@enigma/faults'
import type { FaultNet } from './support/fault-net.ts'

/** How much of the matrix a run does: a core of it in `npm test`, all of it, or for hours. */
export type Scale = 'core' | 'full' | 'campaign'

/**
 * Where a row runs. The rows of `devnet` share one network, as do those of `netns`, whose nodes are in network namespaces. Rows of
 * `parts` (single parts of the product) and `own` (what they start by themselves) have a process each, so that memory and
 * processor time are theirs. All of it runs side by side.
 */
export type Lane = 'parts' | 'devnet' | 'netns' | 'own'

/** One row of the fault matrix (docs/fault-matrix.md): a fault, how often it is done, and the figure that must hold. */
export interface Row {
  readonly number: number
  readonly name: string
  readonly lane: Lane
  /** Repetitions at each scale; 0 in `core` leaves the row to `npm run test:faults`. */
  readonly times: Readonly<Record<Scale, number>>
  /** Needs the shared network for itself. Others run at once, and borrow single nodes. */
  readonly uses?: readonly 'everything'[]
  /** About how long it takes at full scale, in minutes: the longest begin first. */
  readonly minutes?: number
  /**
   * Does the fault `times` times and returns the figure as text, such as `lost 0 of 80`.
   * @throws if the figure does not hold.
   */
  run(context: RowContext): Promise<string>
}

export interface RowContext {
  readonly scale: Scale
  readonly times: number
  /** All chance of a row comes from here: the same seed, the same faults. */
  readonly random: Random
  /** The network that rows of the lanes `devnet` and `netns` share; started by the first. */
  network(): Promise<FaultNet>
  say(text: string): void
}

/** Fails the row unless the condition holds. */
export function must(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence)
}

/** The p-th part (0 to 1) of the values, the larger neighbour where it falls between two. */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) return 0
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? 0
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
