import { readFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDevnet, type Devnet } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import { encodeCall, type SecretContractAbi } from '@enigma/protocol/secret-abi'
import { callWorker, createEnigmaClient, type Artifact } from 'enigma-js'
import { hasFlag, numberFlag, textFlag } from './flags.ts'
import { cpuPerTask, cpuTimes } from './tasks/cpu.ts'
import { ChainWatch, epochStart } from './tasks/chain.ts'
import { figuresOf, type Figures } from './tasks/figures.ts'
import { Load, type Prepared } from './tasks/load.ts'

/**
 * How fast tasks are settled, from the moment a worker can read their record. Targets: record readable -> commit in the node's pool
 * 150 ms median and 400 ms at 95 %; at 10 tasks a second at least 95 % settled in the block after their record.
 *
 * Method: a devnet of real processes on this machine with a block every second. Inputs are encrypted and delivered beforehand, records are
 * sent by plain transactions. Times are those at which the chain's node announced a block, or a pending transaction, on a WebSocket of
 * this program; everything else is read from the chain's logs afterwards. "steady" records at a rate on 12 contracts; "burst" records many
 * tasks at once, on 12 contracts and on one, whose runs build on each other.
 * Usage: node bench/tasks.ts [--json] [--seconds 30] [--rate 10] [--burst 192] [--workers 1,3] [--only steady|burst] [--logs DIR]
 */
const seconds = numberFlag('--seconds', 30)
const rate = numberFlag('--rate', 10)
const burst = numberFlag('--burst', 192)
const sizes = textFlag('--workers', '1,3').split(',').map(Number)
const json = hasFlag('--json')
const logDir = hasFlag('--logs') ? textFlag('--logs', '') : undefined // detailed logs of all processes, for whoever looks for a cause
const only = textFlag('--only', '')
const contracts = 12
const epochSize = 200
const perSender = 60 // inputs that may wait for their records

const build = join(import.meta.dirname, '../secret-contracts/build')
const artifact: Artifact<SecretContractAbi> = {
  wasm: readFileSync(join(build, 'millionaires.wasm')),
  abi: JSON.parse(readFileSync(join(build, 'millionaires.abi.json'), 'utf8')) as SecretContractAbi
}
const say = (text: string): void => void process.stderr.write(`${text}\n`)

interface Result {
  readonly scenario: string
  readonly workers: number
  readonly figures: Figures
  /** Processor time by part of the network: what stays the same on a busy machine. */
  readonly cpuMsPerTask: Readonly<Record<string, number>>
}

const results: Result[] = []
for (const workers of sizes) {
  say(`starting a network with ${workers} ${workers === 1 ? 'worker' : 'workers'} ...`)
  const env = (): Record<string, string> => (logDir === undefined ? {} : { ENIGMA_LOG_LEVEL: 'debug' })
  const devnet = await startDevnet({
    workers,
    epochSize,
    mining: { mode: 'interval', ms: 1_000 },
    env,
    ...(logDir && { logDir })
  })
  try {
    results.push(...(await measure(devnet, workers)))
  } catch (error) {
    for (const { name } of devnet.workers) say(devnet.logs(name).slice(-25).join('\n'))
    throw error
  } finally {
    await devnet.stop()
  }
}
print()

async function measure(devnet: Devnet, workers: number): Promise<Result[]> {
  const users = devnet.accounts.users
  const deployed = await deployAll(devnet, contracts)
  const loads = await Promise.all(
    users.slice(1).map(async user => {
      const load = new Load(devnet, user)
      await load.start()
      return load
    })
  )
  const watch = await ChainWatch.open(devnet)
  const found: Result[] = []
  const run = async (scenario: string, work: () => Promise<void>): Promise<void> => {
    await roomInEpoch(devnet, 90)
    say(`${scenario} ...`)
    const from = (await devnet.blockNumber()) + 1
    const before = cpuTimes(devnet)
    await work()
    const figures = figuresOf(await settled(watch, from))
    found.push({ scenario, workers, figures, cpuMsPerTask: cpuPerTask(before, cpuTimes(devnet), figures.recorded) })
  }
  try {
    if (only !== 'burst') {
      await run(`steady, ${rate} tasks/s on ${contracts} contracts`, () => steady(devnet, loads, deployed))
    }
    if (only === 'steady') return found
    await run(`burst of ${burst} on ${contracts} contracts`, () => bursts(devnet, loads, deployed))
    await run(`burst of ${burst} on one contract`, () => bursts(devnet, loads, deployed.slice(0, 1)))
  } finally {
    watch.close()
  }
  return found
}

async function deployAll(devnet: Devnet, count: number): Promise<ScAddr[]> {
  const client = await createEnigmaClient({
    privateKey: devnet.accounts.users[0]!.privateKey,
    chainUrl: devnet.chainUrl,
    network: { enigma: devnet.enigma, rpc: devnet.workers.map(worker => worker.httpUrl), mode: 'simulation' }
  })
  const addresses: ScAddr[] = []
  for (let i = 0; i < count; i++) addresses.push(await (await client.deploy(artifact, [])).result())
  client.close()
  return addresses
}

async function epochOf(devnet: Devnet): Promise<number> {
  return (await callWorker(devnet.workers[0]!.httpUrl, 'getInfo', {})).epoch
}

/** A scenario must not meet the end of an epoch: its inputs are encrypted for one. */
async function roomInEpoch(devnet: Devnet, blocks: number): Promise<void> {
  const started = await devnet.blockNumber()
  if (started - (await epochStart(devnet, await epochOf(devnet))) + blocks < epochSize) return
  say('waiting for the next epoch ...')
  const before = await epochOf(devnet)
  while ((await epochOf(devnet)) === before && (await devnet.blockNumber()) < started + epochSize) await sleep(500)
}

function callData(i: number): Uint8Array {
  const who = `0x${(i + 1).toString(16).padStart(40, '0')}`
  return encodeCall(artifact.abi, 'addMillionaire', [who, BigInt(i)]).data
}

async function steady(devnet: Devnet, loads: readonly Load[], addresses: readonly ScAddr[]): Promise<void> {
  const count = seconds * rate
  const epoch = await epochOf(devnet)
  const ready: Promise<readonly [Load, Prepared]>[] = []
  const entry = devnet.workers[0]!.httpUrl
  const prepare = (i: number): void => {
    const load = loads[i % loads.length]!
    ready.push(load.prepare(addresses[i % addresses.length]!, epoch, callData(i), entry).then(done => [load, done]))
  }
  // Delivered three seconds ahead, so that what is measured begins at the record.
  const ahead = 3 * rate
  for (let i = 0; i < Math.min(count, ahead); i++) {
    prepare(i)
    await ready[i] // one by one: workers take only so many inputs of a peer at once
  }
  const start = performance.now()
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, start + (1_000 * i) / rate - performance.now()))
    if (i + ahead < count) prepare(i + ahead)
    const [load, prepared] = await ready[i]!
    await load.record([prepared])
  }
}

async function bursts(devnet: Devnet, loads: readonly Load[], addresses: readonly ScAddr[]): Promise<void> {
  const epoch = await epochOf(devnet)
  const groups = Array.from({ length: Math.ceil(burst / perSender) }, (_, g) => ({
    load: loads[g]!,
    tasks: Math.min(perSender, burst - g * perSender)
  }))
  let i = 0
  const prepared: { load: Load; tasks: Prepared[] }[] = []
  for (const { load, tasks } of groups) {
    const list: Prepared[] = []
    for (let k = 0; k < tasks; k++, i++) {
      const entry = devnet.workers[i % devnet.workers.length]!.httpUrl
      list.push(await load.prepare(addresses[i % addresses.length]!, epoch, callData(i), entry))
    }
    prepared.push({ load, tasks: list })
  }
  await Promise.all(prepared.map(({ load, tasks }) => load.record(tasks)))
}

/** Waits until every recorded task is settled, or none was for some blocks. */
async function settled(watch: ChainWatch, from: number): ReturnType<ChainWatch['collect']> {
  let before = -1
  for (;;) {
    await sleep(3_000)
    const found = await watch.collect(from)
    if (found.recorded > 0 && (found.tasks.length === found.recorded || found.tasks.length === before)) return found
    before = found.tasks.length
  }
}

function print(): void {
  const machine = `${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`
  const date = new Date().toISOString()
  const [load = 0] = os.loadavg()
  if (json) {
    console.log(JSON.stringify({ bench: 'tasks', machine, date, load, results }))
    return
  }
  console.log(`tasks; ${machine}; load ${load.toFixed(1)}; ${date}`)
  for (const { scenario, workers, figures, cpuMsPerTask } of results) {
    const { toPoolMs, nextBlockPercent, tasksPerSecond, gasPerTask, commits, largestBatch } = figures
    console.log(`  ${scenario}, ${workers} ${workers === 1 ? 'worker' : 'workers'}`)
    console.log(
      `    settled          ${figures.settled} of ${figures.recorded}, ${figures.skipped} receipts passed over`
    )
    console.log(`    record to pool   ${toPoolMs.median} ms median, ${toPoolMs.p95} ms at 95 %   (targets 150, 400)`)
    console.log(`    next block       ${nextBlockPercent} %   (target 95 at 10 tasks/s)`)
    console.log(`    rate             ${tasksPerSecond} tasks/s`)
    console.log(
      `    gas              ${gasPerTask} a task, ${commits} transactions, at most ${largestBatch} receipts in one`
    )
    const parts = Object.entries(cpuMsPerTask).map(([name, ms]) => `${name} ${ms}`)
    console.log(`    processor        ${parts.join(', ')} ms a task`)
  }
}
