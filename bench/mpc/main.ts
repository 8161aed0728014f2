/**
 * npm run bench:mpc [-- --json] [--quick] [--n 3] [--t 1] [--prime default|fast|<number>] [--security passive|active]
 *                       [--only mul,dot] [--with-jiff]
 *
 * Runs each workload in n separate processes over encrypted loopback links. `t` is the degree: T - 1. Times are those of the slowest
 * party, median of the repetitions; bytes are message bodies of the party that sent most; rounds are from a run of one small batch.
 * Before and after each workload the bare rates of modular multiplication are taken by as many processes at once, and round trips
 * over a plain socket: ratios are to the means of the two (`baseline.ts`). Workloads of some milliseconds are run 20 times before, 15
 * times for the median, and round trips are taken after each of these. A bare round is 64 bytes from each of n processes to each other one. CPU is of the busiest party. Lag is the 99th percentile of the
 * event loop's delay, in the party itself and in this process, which is its host. After the small run and after the last one operands and
 * results are opened and compared (`checks.ts`), outside the time that is taken. The table at the end compares with `standing.ts`.
 */
import { cpus } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DEFAULT_PRIME, Field } from '@enigma/mpc'
import { deal, encode } from '@enigma/mpc/client'
import { Cluster } from '../../mpc/harness/cluster.ts'
import { Baseline, meanLatency, meanOf, type Bare, type Latency } from './baseline.ts'
import { measureJiff } from './jiff.ts'
import { printResult, type Result } from './report.ts'
import { readSettings } from './settings.ts'
import { printStanding, standingOf } from './standing.ts'
import type { Workload } from './workloads.ts'

interface Run {
  readonly seconds: number
  readonly bytes: number
  readonly rounds: number
  readonly cpu: number
  readonly rss: number
  readonly lag: number
  readonly hostLag: number
  /** log2 of the chance that something wrong passed the checks of this run. */
  readonly soundness: number
}

/** What the event loop of a host may be late, 99th percentile. */
const MOST_LAG_MS = 50
const LONG = { warmUp: 1, repetitions: 5 }
/** Runs of some milliseconds: the code must have been compiled before, and one run says little. */
const BRIEF = { warmUp: 20, repetitions: 15 }

const settings = readSettings()
const { json, quick, n, t, prime, security, numbers } = settings
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

/** Once through a workload of this size. Shares are dealt here, so for `input` the time of dealing counts too. */
async function runOnce(cluster: Cluster, { name, program }: Workload, size: number): Promise<Run> {
  let dealing = 0
  let argument: (index: number) => unknown = () => ({ count: size })
  if (name === 'input') {
    const began = performance.now()
    const numbers = Array.from({ length: size }, (_, i) => i - 500)
    const dealt = deal(encode(Field.of(prime), numbers, 0, 40), { prime, n, t })
    dealing = (performance.now() - began) / 1000
    argument = index => ({ dealt: dealt[index]! })
  } else await cluster.run('prepare', () => ({ count: size, name: program }))
  const host = monitorEventLoopDelay({ resolution: 5 })
  host.enable()
  const { measured, values } = await cluster.run(program, argument)
  host.disable()
  const most = (pick: (m: (typeof measured)[number]) => number): number => Math.max(...measured.map(pick))
  return {
    seconds: dealing + most(m => m.seconds),
    bytes: most(m => m.bytes),
    rounds: most(m => m.rounds),
    cpu: most(m => m.cpuSeconds),
    rss: most(m => m.rssBytes),
    lag: most(m => m.lagMs),
    hostLag: Number.isNaN(host.mean) ? 0 : Math.max(0, host.percentile(99) / 1e6 - 5),
    soundness: Math.max(...values.map(Number))
  }
}

/** Opens what the last run made and compares. Results that need all operands are looked at in the small run only, if there are many. */
async function checkLast(cluster: Cluster, { name, program }: Workload, count: number): Promise<void> {
  const { values } = await cluster.run('check', () => ({ name: program, count }))
  const complaint = values.find(value => value !== null)
  if (complaint !== undefined) throw new Error(`The results of ${name} are wrong: ${String(complaint)}.`)
}

async function runWorkload(cluster: Cluster, workload: Workload): Promise<Result> {
  const measureBare = (): Promise<Bare> => baseline.measure(prime, quick ? 150 : 400)
  const count = quick ? workload.quick : workload.count
  const { rounds } = await runOnce(cluster, workload, workload.small)
  await checkLast(cluster, workload, workload.small)
  const { warmUp, repetitions } = workload.brief ? BRIEF : LONG
  for (let i = 0; i < (quick ? Math.ceil(warmUp / 4) : warmUp); i++) await runOnce(cluster, workload, count)
  const before = await measureBare()
  const latencies: Latency[] = [before]
  const runs: Run[] = []
  for (let i = 0; i < (quick ? 3 : repetitions); i++) {
    runs.push(await runOnce(cluster, workload, count))
    // two processes that do nothing else answer in 25 us or in 45, as it pleases the scheduler: the mean of many measurements counts
    if (workload.brief) latencies.push(await baseline.latency())
  }
  if (!workload.isSum) await checkLast(cluster, workload, count)
  const after = await measureBare()
  const bare = meanOf(before, after)
  const { roundTripMs, roundMs } = meanLatency([...latencies, after])
  const of = (pick: (run: Run) => number): number => median(runs.map(pick))
  const seconds = of(run => run.seconds)
  const units = workload.units?.(count) ?? count
  const repeated = workload.name.endsWith('latency') ? count : 1
  return {
    name: workload.name,
    security,
    n,
    t,
    prime: prime.toString(),
    count,
    seconds,
    perSecond: units / seconds,
    rounds,
    bytesPerParty: runs.at(-1)!.bytes,
    units,
    cpuSeconds: of(run => run.cpu),
    /** What this machine could do if nothing else used its processors, and no party ever waited. */
    perSecondByCpu: (units * Math.min(n, cpus().length)) / (of(run => run.cpu) * n),
    memoryBytes: runs.at(-1)!.rss,
    ...(security === 'active' && workload.name !== 'input'
      ? { soundnessBits: Math.max(...runs.map(run => run.soundness)) }
      : {}),
    eventLoopLagP99Ms: of(run => run.lag),
    isResponsive:
      Math.max(
        of(run => run.lag),
        of(run => run.hostLag)
      ) < MOST_LAG_MS,
    hostEventLoopLagP99Ms: of(run => run.hostLag),
    bareBigintPerSecond: bare.bigint,
    bareWasmPerSecond: bare.wasm,
    bareRoundTripMs: roundTripMs,
    bareRoundMs: roundMs,
    /** By processor time on both sides: what the ratio comes to where nothing waits. */
    ratioToBigintByCpu: (units * Math.min(n, cpus().length)) / (of(run => run.cpu) * n) / bare.bigintPerCpuSecond,
    ratioToBigint: units / seconds / bare.bigint,
    ratioToWasm: units / seconds / bare.wasm,
    roundTrips: (seconds * 1000) / roundTripMs / repeated,
    bareRounds: (seconds * 1000) / roundMs / repeated
  }
}

const results: Result[] = []
const baseline = await Baseline.start(n)
const cluster = await Cluster.start({
  programs: new URL('./programs.ts', import.meta.url),
  n,
  t,
  prime,
  security,
  numbers,
  timeoutMs: 120_000
})
let link: number
try {
  link = Number((await cluster.run('roundTrips', () => ({ count: quick ? 200 : 1000 }))).values[0])
  for (const workload of settings.workloads) {
    const result = await runWorkload(cluster, workload).catch((error: Error & { code?: string }) => {
      // a modulus that cannot carry a workload refuses it before anything is sent
      if (error.code !== 'MPC_RANGE') throw error
      console.error(`${workload.name}: not with this modulus. ${error.message}`)
      return null
    })
    if (!result) continue
    results.push(result)
    if (!json) printResult(result)
  }
} finally {
  await cluster.stop()
  baseline.stop()
}
const jiff = settings.withJiff ? await measureJiff(prime, quick) : undefined
const ratioToJiff = (name: string, rate: number | undefined): number | undefined => {
  const found = results.find(result => result.name === name)
  return found && rate ? found.perSecond / rate : undefined
}
const toJiff = {
  mul: ratioToJiff('mul', jiff?.mulPerSecond),
  'less-than': ratioToJiff('less-than', jiff?.lessThanPerSecond)
}

const standing = n === 3 && settings.prime === DEFAULT_PRIME ? standingOf(results) : []
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, date: new Date().toISOString() }
if (json) {
  const rest = jiff ? { jiff, ratioToJiff: toJiff } : {}
  console.log(JSON.stringify({ machine, linkRoundTripMs: link, ...rest, results, standing }, null, 2))
} else {
  if (jiff) {
    console.log(
      `\nJIFF: ${jiff.mulPerSecond.toPrecision(3)} products/s and ${jiff.lessThanPerSecond.toPrecision(3)} comparisons/s; this engine ` +
        Object.entries(toJiff)
          .filter(([, ratio]) => ratio !== undefined)
          .map(([name, ratio]) => `${name} x ${ratio!.toPrecision(3)}`)
          .join(', ')
    )
  }
  if (standing.length > 0) printStanding(standing)
  const mean = (pick: (result: Result) => number): string =>
    (results.reduce((total, result) => total + pick(result), 0) / results.length / 1e6).toPrecision(3)
  console.log(
    `\nbare modular products on one core, mean of the run: BigInt ${mean(result => result.bareBigintPerSecond)} M/s, ` +
      `generated WASM ${mean(result => result.bareWasmPerSecond)} M/s`
  )
  const late = results.filter(({ isResponsive }) => !isResponsive).map(({ name }) => name)
  console.log(
    late.length === 0
      ? `no event loop was later than ${MOST_LAG_MS} ms, 99th percentile`
      : `event loops were later than ${MOST_LAG_MS} ms, 99th percentile, in: ${late.join(', ')}`
  )
  console.log(
    `round trip over an encrypted link ${link.toFixed(3)} ms; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.date}`
  )
}
