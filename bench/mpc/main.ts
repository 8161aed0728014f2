/**
 * npm run bench:mpc [-- --json] [--quick] [--n 3] [--t 1] [--prime default|fast|<number>] [--security passive|active] [--only mul,dot]
 *
 * Runs each workload in n separate processes over encrypted loopback links and prints rates, and ratios to bare modular
 * multiplication (BigInt and WebAssembly) of the same run. `t` is the degree: T - 1. Times are those of the slowest party,
 * median of the repetitions; bytes are message bodies of the party that sent most; rounds are from a run of one small batch.
 */
import { parseArgs } from 'node:util'
import { cpus } from 'node:os'
import { DEFAULT_PRIME, FAST_PRIME, Field } from '@enigma/mpc'
import { deal, encode } from '@enigma/mpc/client'
import { Cluster } from '@enigma/mpc/harness'
import { bareRates } from './baseline.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    n: { type: 'string', default: '3' },
    t: { type: 'string', default: '1' },
    prime: { type: 'string', default: 'default' },
    security: { type: 'string', default: 'passive' },
    only: { type: 'string' }
  }
})

interface Workload {
  readonly name: string
  readonly program: string
  readonly count: number
  readonly quick: number
  /** A size whose chunks do not overlap, for counting rounds. */
  readonly small: number
  /** What `perSecond` counts, if not `count`. */
  readonly units?: (count: number) => number
}

const WORKLOADS: readonly Workload[] = [
  { name: 'input', program: 'input', count: 100_000, quick: 20_000, small: 10 },
  { name: 'mul', program: 'mul', count: 1_000_000, quick: 200_000, small: 100 },
  { name: 'dot', program: 'dot', count: 1_000_000, quick: 200_000, small: 100 },
  { name: 'matmul', program: 'matmul', count: 1, quick: 1, small: 1, units: () => 1_000_000 },
  { name: 'eq', program: 'eq', count: 100_000, quick: 20_000, small: 100 },
  { name: 'less-than', program: 'lessThan', count: 20_000, quick: 4_096, small: 50 },
  { name: 'fixed-mul', program: 'fixedMul', count: 100_000, quick: 20_000, small: 100 },
  { name: 'mean-var', program: 'meanVar', count: 100_000, quick: 20_000, small: 100 },
  { name: 'linreg', program: 'linreg', count: 1_000, quick: 1_000, small: 20, units: () => 1 },
  { name: 'max', program: 'max', count: 1_000, quick: 200, small: 100, units: () => 1 },
  { name: 'inverse', program: 'inverse', count: 1, quick: 1, small: 1 },
  { name: 'mul-latency', program: 'mulLatency', count: 500, quick: 100, small: 1 },
  { name: 'less-than-latency', program: 'lessThanLatency', count: 30, quick: 10, small: 1 }
]

const primes: Record<string, bigint> = { default: DEFAULT_PRIME, fast: FAST_PRIME }
const prime = primes[options.prime] ?? BigInt(options.prime)
const [n, t] = [Number(options.n), Number(options.t)]
if (options.security !== 'passive' && options.security !== 'active') {
  console.error(`There is no security mode ${options.security}; choose passive or active.`)
  process.exit(2)
}
const security: 'passive' | 'active' = options.security
const only = options.only?.split(',')
const unknown = only?.filter(name => !WORKLOADS.some(workload => workload.name === name)) ?? []
if (unknown.length > 0) {
  console.error(`No workload ${unknown.join(', ')}. There are: ${WORKLOADS.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const results: Record<string, unknown>[] = []
const bare = bareRates(prime)
const cluster = await Cluster.start({
  programs: new URL('./programs.ts', import.meta.url),
  n,
  t,
  prime,
  security,
  timeoutMs: 120_000
})
let roundTripMs: number
try {
  const trips = await cluster.run('roundTrips', () => ({ count: options.quick ? 200 : 1000 }))
  roundTripMs = Number(trips.values[0])
  for (const workload of WORKLOADS) {
    if (only && !only.includes(workload.name)) continue
    const { name, program } = workload
    const count = options.quick ? workload.quick : workload.count
    const run = async (
      size: number
    ): Promise<{ seconds: number; bytes: number; rounds: number; cpu: number; rss: number; lag: number }> => {
      let dealing = 0
      let argument: (index: number) => unknown = () => ({ count: size })
      if (name === 'input') {
        const began = performance.now()
        const field = Field.of(prime)
        const dealt = deal(
          encode(
            field,
            Array.from({ length: size }, (_, i) => i - 500),
            0,
            40
          ),
          { prime, n, t }
        )
        dealing = (performance.now() - began) / 1000
        argument = index => ({ dealt: dealt[index]! })
      } else await cluster.run('prepare', () => ({ count: size, name: program }))
      const { measured } = await cluster.run(program, argument)
      const most = (pick: (m: (typeof measured)[number]) => number): number => Math.max(...measured.map(pick))
      return {
        seconds: dealing + most(m => m.seconds),
        bytes: most(m => m.bytes),
        rounds: most(m => m.rounds),
        cpu: most(m => m.cpuSeconds),
        rss: most(m => m.rssBytes),
        lag: most(m => m.lagMs)
      }
    }
    const { rounds } = await run(workload.small)
    await run(count)
    const runs = []
    for (let i = 0; i < (options.quick ? 3 : 5); i++) runs.push(await run(count))
    const seconds = median(runs.map(r => r.seconds))
    const units = workload.units?.(count) ?? count
    const last = runs.at(-1)!
    results.push({
      name,
      security,
      n,
      t,
      prime: prime.toString(),
      count,
      seconds,
      perSecond: units / seconds,
      rounds,
      bytesPerParty: last.bytes,
      cpuSeconds: median(runs.map(r => r.cpu)),
      /** What this machine could do if the parties' processors were not shared with anything else. */
      perSecondByCpu: (units * cpus().length) / (median(runs.map(r => r.cpu)) * Math.max(n, cpus().length)),
      memoryBytes: last.rss,
      eventLoopLagP99Ms: median(runs.map(r => r.lag)),
      ratioToBigint: units / seconds / bare.bigint,
      ratioToWasm: units / seconds / bare.wasm,
      roundTrips: (seconds * 1000) / roundTripMs / (name.endsWith('latency') ? count : 1)
    })
    if (!options.json) report(results.at(-1)!, units)
  }
} finally {
  await cluster.stop()
}

function report(result: Record<string, unknown>, units: number): void {
  const number = (key: string, digits = 3): string => Number(result[key]).toPrecision(digits)
  console.log(
    `${String(result.name).padEnd(18)} ${number('perSecond').padStart(9)}/s  ${number('seconds').padStart(8)} s  ${String(result.rounds).padStart(4)} rounds  ` +
      `${(Number(result.bytesPerParty) / units).toFixed(1).padStart(9)} B each  cpu ${number('cpuSeconds')} s (${number('perSecondByCpu')}/s)  ` +
      `x BigInt ${number('ratioToBigint')}  x WASM ${number('ratioToWasm')}  ${number('roundTrips')} round trips  lag ${number('eventLoopLagP99Ms', 2)} ms`
  )
}

const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, date: new Date().toISOString() }
const baseline = { bigintPerSecond: bare.bigint, wasmPerSecond: bare.wasm, linkRoundTripMs: roundTripMs }
if (options.json) console.log(JSON.stringify({ machine, baseline, results }, null, 2))
else
  console.log(
    `\nbare BigInt ${bare.bigint.toPrecision(3)}/s, bare WASM ${bare.wasm.toPrecision(3)}/s, link round trip ${roundTripMs.toFixed(3)} ms; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`
  )
