/** One line of the benchmark: a program of `programs.ts` at some size. */
export interface Workload {
  readonly name: string
  readonly program: string
  readonly count: number
  readonly quick: number
  /** A size whose chunks do not overlap, for counting rounds. */
  readonly small: number
  /** Takes milliseconds, most of them waiting for messages. */
  readonly brief?: boolean
  /** One result of so many operands that it is looked at in the small run only. */
  readonly isSum?: boolean
  /** What `perSecond` counts, if not `count`. */
  readonly units?: (count: number) => number
}

export const WORKLOADS: readonly Workload[] = [
  { name: 'input', program: 'input', count: 100_000, quick: 20_000, small: 10 },
  { name: 'mul', program: 'mul', count: 1_000_000, quick: 200_000, small: 100 },
  { name: 'dot', program: 'dot', count: 1_000_000, quick: 200_000, small: 100, isSum: true },
  { name: 'matmul', program: 'matmul', count: 1, quick: 1, small: 1, units: () => 1_000_000 },
  { name: 'eq', program: 'eq', count: 100_000, quick: 20_000, small: 100 },
  { name: 'eq-secret', program: 'eqSecret', count: 10_000, quick: 2_000, small: 100 },
  { name: 'less-than', program: 'lessThan', count: 50_000, quick: 10_000, small: 50 },
  { name: 'fixed-mul', program: 'fixedMul', count: 100_000, quick: 20_000, small: 100 },
  { name: 'mean-var', program: 'meanVar', count: 100_000, quick: 20_000, small: 100, isSum: true },
  { name: 'linreg', program: 'linreg', count: 1_000, quick: 1_000, small: 20, brief: true, units: () => 1 },
  { name: 'max', program: 'max', count: 1_000, quick: 200, small: 100, brief: true, units: () => 1 },
  { name: 'inverse', program: 'inverse', count: 1, quick: 1, small: 1, brief: true },
  { name: 'mul-latency', program: 'mulLatency', count: 500, quick: 100, small: 1, brief: true },
  { name: 'less-than-latency', program: 'lessThanLatency', count: 30, quick: 10, small: 1, brief: true }
]
