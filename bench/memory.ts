import { type Devnet, startDevnet } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import { encodeCall } from '@enigma/protocol/secret-abi'
import { callWorker, createEnigmaClient } from 'enigma-js'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { counterContract } from '../test/e2e/support/counter.ts'
import { HEAP_PROBE, heapProbeEnv, liveBytesOf } from '../test/faults/support/heap.ts'
import { hasFlag, numberFlag } from './flags.ts'
import { ChainWatch, epochStart } from './tasks/chain.ts'
import { Load, type Prepared } from './tasks/load.ts'

/**
 * What a task costs the memory of a worker and of the principal, for good: live memory after collection (heap and buffers) against the
 * number of tasks, and the line through the samples of the second half, when the caches are full. An hour of a campaign of the fault
 * matrix has some 1,600 tasks, and may cost a worker a MiB beyond a KiB for each.
 *
 * Method: a devnet of real processes with a block every half second; eight accounts record fifty counting tasks at once on six
 * contracts, until all are settled, again and again.
 * Usage: node bench/memory.ts [--json] [--tasks 12000] [--every 1000] [--workers 2]
 */
const tasks = numberFlag('--tasks', 12_000)
const every = numberFlag('--every', 1_000)
const workers = numberFlag('--workers', 2)
const json = hasFlag('--json')
const EPOCH_SIZE = 200
const CONTRACTS = 6
const SENDERS = 8
const TOGETHER = 50 // of one account; 64 inputs may wait for their records
const IDLE_MS = 30_000 // longer than a task may take
const QUIET_MS = 4_000 // what is under way ends

const folder = mkdtempSync(join(os.tmpdir(), 'enigma-bench-'))
const samples: { readonly tasks: number; readonly bytes: Readonly<Record<string, number>> }[] = []
const devnet = await startDevnet({
  workers,
  chain: 'anvil',
  epochSize: EPOCH_SIZE,
  mining: { mode: 'interval', ms: 500 },
  preload: [HEAP_PROBE],
  env: () => heapProbeEnv(folder)
})
try {
  await measure()
} catch (error) {
  for (const { name } of [devnet.principal, ...devnet.workers]) {
    const exit = devnet.exitOf(name)
    if (exit !== undefined) process.stderr.write(`${name} ended with ${exit}\n`)
  }
  throw error
} finally {
  await devnet.stop()
  rmSync(folder, { recursive: true, force: true })
}
print()

async function measure(): Promise<void> {
  const counter = await counterContract()
  const contracts = await deployAll(devnet, counter)
  const loads = devnet.accounts.users.slice(1, 1 + SENDERS).map(user => new Load(devnet, user))
  for (const load of loads) await load.start()
  const watch = await ChainWatch.open(devnet)
  const { data } = encodeCall(counter.abi, 'next', [])
  try {
    for (let done = 0, next = 0; ;) {
      if (done >= next) {
        samples.push({ tasks: done, bytes: await liveBytes(devnet) })
        process.stderr.write(`${JSON.stringify(samples.at(-1))}\n`)
        next += every
      }
      if (done >= tasks) return
      const epoch = await roomyEpoch(devnet)
      const from = (await devnet.blockNumber()) + 1
      const prepare = async (load: Load, i: number): Promise<Prepared[]> => {
        const prepared: Prepared[] = []
        for (let k = 0; k < TOGETHER; k++) {
          const entry = devnet.workers[(i + k) % workers]!.httpUrl
          prepared.push(await load.prepare(contracts[i % CONTRACTS]!, epoch, data, entry))
        }
        return prepared
      }
      const groups = await Promise.all(loads.map(prepare))
      for (const [i, load] of loads.entries()) await load.record(groups[i]!)
      done += await settled(watch, from, SENDERS * TOGETHER)
    }
  } finally {
    watch.close()
  }
}

async function deployAll(net: Devnet, artifact: Awaited<ReturnType<typeof counterContract>>): Promise<ScAddr[]> {
  const { privateKey } = net.accounts.users[0]!
  const rpc = net.workers.map(worker => worker.httpUrl)
  const network = { enigma: net.enigma, rpc, mode: 'simulation' as const }
  const client = await createEnigmaClient({ privateKey, chainUrl: net.chainUrl, network })
  const found: ScAddr[] = []
  for (let i = 0; i < CONTRACTS; i++) found.push(await (await client.deploy(artifact, [])).result())
  client.close()
  return found
}

/** An epoch that has thirty blocks left: inputs are encrypted for one. */
async function roomyEpoch(net: Devnet): Promise<number> {
  for (;;) {
    const { epoch } = await callWorker(net.workers[0]!.httpUrl, 'getInfo', {})
    if ((await net.blockNumber()) - (await epochStart(net, epoch)) + 30 < EPOCH_SIZE) return epoch
    await sleep(500)
  }
}

/** How many were settled: all, or as many as there are when none is any more. On a busy machine some miss their deadline. */
async function settled(watch: ChainWatch, from: number, count: number): Promise<number> {
  while ((await devnet.blockNumber()) < from) await sleep(100) // a chain refuses questions about blocks that it does not have yet
  for (let found = 0, since = performance.now(); ; await sleep(500)) {
    const now = (await watch.collect(from)).tasks.length
    if (now > found) since = performance.now()
    found = now
    if (found >= count || performance.now() - since > IDLE_MS) return found
  }
}

async function liveBytes(net: Devnet): Promise<Record<string, number>> {
  await sleep(QUIET_MS)
  const nodes = [net.principal, ...net.workers]
  const eventually = async <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> => {
    for (const until = performance.now() + 30_000; performance.now() < until; await sleep(50)) {
      const answer = await ask()
      if (answer !== undefined) return answer
    }
    throw new Error(`${what} did not come.`)
  }
  const probed = { folder, devnet: net, eventually, node: (name: string) => nodes.find(one => one.name === name)! }
  const bytes: Record<string, number> = {}
  for (const { name } of nodes) bytes[name] = await liveBytesOf(probed, name)
  return bytes
}

/** Bytes a task, by least squares over the second half. */
function perTask(name: string): number {
  const half = samples.filter(sample => sample.tasks >= tasks / 2)
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x0, y0] = [mean(half.map(sample => sample.tasks)), mean(half.map(sample => sample.bytes[name]!))]
  const spread = half.reduce((sum, sample) => sum + (sample.tasks - x0) ** 2, 0)
  return half.reduce((sum, sample) => sum + (sample.tasks - x0) * (sample.bytes[name]! - y0), 0) / spread
}

function print(): void {
  const machine = `${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown'}, Node.js ${process.version}`
  const names = Object.keys(samples[0]!.bytes)
  const slopes = Object.fromEntries(names.map(name => [name, Math.round(perTask(name))]))
  if (json) {
    const date = new Date().toISOString()
    console.log(JSON.stringify({ bench: 'memory', machine, date, samples, bytesPerTask: slopes }))
    return
  }
  console.log(`live memory against tasks; ${machine}`)
  for (const name of names) {
    const mib = samples.map(({ bytes }) => (bytes[name]! / 2 ** 20).toFixed(1)).join(' ')
    console.log(`  ${name.padEnd(10)} ${mib} MiB; ${slopes[name]} bytes a task in the second half`)
  }
}
