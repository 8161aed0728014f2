import type { Observed } from './chain.ts'

export interface Figures {
  readonly recorded: number
  readonly settled: number
  /** Record readable -> the transaction that settles it in the node's pool, ms. */
  readonly toPoolMs: { readonly median: number; readonly p95: number; readonly max: number }
  /** Percent of the recorded tasks that were settled in the block after their record. */
  readonly nextBlockPercent: number
  /** From the first record that could be read to the last settling transaction in the pool. */
  readonly tasksPerSecond: number
  readonly commits: number
  /** Ethereum gas of the settling transactions, per task. */
  readonly gasPerTask: number
  readonly largestBatch: number
  readonly skipped: number
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN
const round = (value: number, digits = 0): number => Number(value.toFixed(digits))

export function figuresOf({ tasks, recorded, skipped, commits }: Observed): Figures {
  const waits = tasks.map(task => task.pooledAtMs - task.recordedAtMs).sort((a, b) => a - b)
  const next = tasks.filter(task => task.settledBlock === task.recordBlock + 1).length
  const first = Math.min(...tasks.map(task => task.recordedAtMs))
  const last = Math.max(...tasks.map(task => task.pooledAtMs))
  const gas = commits.reduce((sum, one) => sum + one.gasUsed, 0)
  return {
    recorded,
    settled: tasks.length,
    toPoolMs: {
      median: round(quantile(waits, 0.5)),
      p95: round(quantile(waits, 0.95)),
      max: round(waits.at(-1) ?? NaN)
    },
    nextBlockPercent: round((100 * next) / recorded, 1),
    tasksPerSecond: round((1000 * tasks.length) / (last - first), 1),
    commits: commits.length,
    gasPerTask: round(gas / tasks.length),
    largestBatch: Math.max(0, ...commits.map(one => one.tasks)),
    skipped
  }
}
