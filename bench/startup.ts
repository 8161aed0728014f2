import { processTree, readDevnetState, type ProcessInfo } from '@enigma/devnet'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { hasFlag, numberFlag } from './flags.ts'

/**
 * How long `./launch.sh -s` takes to its line READY on a machine where everything is built, and how much memory the network then has
 * resident. Targets: 15 s and 1.5 GB with three workers.
 *
 * Method: wall clock from the start of launch.sh; memory five seconds after READY, over all processes of the network, supervisor and
 * enclaves included: the sum of their proportional set sizes (pages shared by n processes count 1/n for each, so that each counts
 * once in all), and for comparison the sum of their resident set sizes.
 * Usage: node bench/startup.ts [--json] [--workers N] [--rounds N]. Needs the default ports.
 */
const workers = numberFlag('--workers', 3)
const rounds = numberFlag('--rounds', 3)
const json = hasFlag('--json')
const settleMs = 5_000

interface Memory {
  readonly proportional: number
  readonly resident: number
}

interface Round {
  readonly readySeconds: number
  readonly stopSeconds: number
  /** Part of the network -> MiB, with all its child processes. */
  readonly memoryMiB: Readonly<Record<string, Memory>>
}

const root = join(import.meta.dirname, '..')
const home = mkdtempSync(join(os.tmpdir(), 'enigma-bench-'))
process.env.ENIGMA_HOME = home // readDevnetState looks there as well
try {
  const results: Round[] = []
  for (let i = 0; i < rounds; i++) results.push(await measure())
  print(results)
} finally {
  rmSync(home, { recursive: true, force: true })
}

async function measure(): Promise<Round> {
  const started = performance.now()
  const network = spawn('./launch.sh', ['-s', '-l', '-n', String(workers)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = new Promise<void>(resolve => void network.once('exit', () => resolve()))
  try {
    await ready(network.stdout)
    const readySeconds = (performance.now() - started) / 1000
    await new Promise(resolve => setTimeout(resolve, settleMs))
    const memoryMiB = memory()
    const stopping = performance.now()
    network.kill('SIGINT')
    await ended
    return { readySeconds, stopSeconds: (performance.now() - stopping) / 1000, memoryMiB }
  } finally {
    network.kill('SIGINT')
    await ended
  }
}

/** @throws if the output ends without the line READY. */
async function ready(output: NodeJS.ReadableStream): Promise<void> {
  const lines = createInterface({ input: output })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', line => line.startsWith('READY') && resolve())
    lines.once('close', () => reject(new Error('The network did not become ready; launch.sh says why.')))
  })
}

function memory(): Record<string, Memory> {
  const state = readDevnetState()
  if (state === undefined) throw new Error('The network left no state file.')
  const own = processTree(state.supervisor.pid).slice(0, 1)
  const parts = state.processes.map(({ name, pid }) => [name, sizeOf(processTree(pid))] as const)
  return Object.fromEntries([['supervisor', sizeOf(own)], ...parts])
}

function sizeOf(processes: readonly ProcessInfo[]): Memory {
  const mib = (values: number[]): number => Math.round(values.reduce((sum, bytes) => sum + bytes, 0) / (1 << 20))
  return {
    proportional: mib(processes.map(({ pid }) => proportionalBytes(pid))),
    resident: mib(processes.map(({ residentBytes }) => residentBytes))
  }
}

function proportionalBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024
}

function print(results: readonly Round[]): void {
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
  const total = (kind: keyof Memory) => (round: Round) =>
    Object.values(round.memoryMiB).reduce((sum, value) => sum + value[kind], 0)
  const machine = `${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`
  const date = new Date().toISOString()
  const readySeconds = median(results.map(round => round.readySeconds))
  const stopSeconds = median(results.map(round => round.stopSeconds))
  const memoryMiB = median(results.map(total('proportional')))
  const residentMiB = median(results.map(total('resident')))
  const [load = 0] = os.loadavg()
  if (json) {
    const numbers = { readySeconds, stopSeconds, memoryMiB, residentMiB, load, rounds: results }
    console.log(JSON.stringify({ bench: 'startup', machine, date, workers, ...numbers }))
    return
  }
  console.log(
    `startup with ${workers} workers, median of ${results.length}; ${machine}; load ${load.toFixed(1)}; ${date}`
  )
  console.log(`  READY after     ${readySeconds.toFixed(1)} s   (target 15 s)`)
  console.log(`  stopped after   ${stopSeconds.toFixed(1)} s`)
  console.log(`  memory          ${memoryMiB} MiB  (target 1536 MiB; sum of resident sets ${residentMiB} MiB)`)
  for (const [name, { proportional, resident }] of Object.entries(results.at(-1)?.memoryMiB ?? {})) {
    console.log(`    ${name.padEnd(13)} ${String(proportional).padStart(4)} MiB  (resident ${resident} MiB)`)
  }
}
