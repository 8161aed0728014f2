import { processTree, readDevnetState } from '@enigma/devnet'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/**
 * How long `./launch.sh -s` takes to its line READY on a machine where everything is built, and how much memory the network then has
 * resident. Targets: 15 s and 1.5 GB with three workers.
 *
 * Method: wall clock from the start of launch.sh; resident memory is the sum of VmRSS over all processes of the network, supervisor
 * included, five seconds after READY (pages that processes share count once for each, so it is an upper bound).
 * Usage: node bench/startup.ts [--json] [--workers N] [--rounds N]. Needs the default ports.
 */
const flag = (name: string, standard: number): number => {
  const at = process.argv.indexOf(name)
  return at < 0 ? standard : Number(process.argv[at + 1])
}
const workers = flag('--workers', 3)
const rounds = flag('--rounds', 3)
const json = process.argv.includes('--json')
const settleMs = 5_000

interface Round {
  readonly readySeconds: number
  readonly stopSeconds: number
  /** Part of the network -> MiB, with all its child processes. */
  readonly residentMiB: Readonly<Record<string, number>>
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
    const residentMiB = memory()
    const stopping = performance.now()
    network.kill('SIGINT')
    await ended
    return { readySeconds, stopSeconds: (performance.now() - stopping) / 1000, residentMiB }
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

function memory(): Record<string, number> {
  const state = readDevnetState()
  if (state === undefined) throw new Error('The network left no state file.')
  const mib = (bytes: number): number => Math.round(bytes / (1 << 20))
  const own = processTree(state.supervisor.pid)[0]?.residentBytes ?? 0
  const parts = state.processes.map(({ name, pid }) => {
    const total = processTree(pid).reduce((sum, { residentBytes }) => sum + residentBytes, 0)
    return [name, mib(total)] as const
  })
  return Object.fromEntries([['supervisor', mib(own)], ...parts])
}

function print(results: readonly Round[]): void {
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
  const total = (round: Round): number => Object.values(round.residentMiB).reduce((sum, value) => sum + value, 0)
  const cpu = os.cpus()[0]?.model ?? 'unknown'
  const machine = `${os.cpus().length} x ${cpu}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`
  const readySeconds = median(results.map(round => round.readySeconds))
  const stopSeconds = median(results.map(round => round.stopSeconds))
  const residentMiB = median(results.map(total))
  const date = new Date().toISOString()
  if (json) {
    console.log(
      JSON.stringify({
        bench: 'startup',
        machine,
        date,
        workers,
        readySeconds,
        stopSeconds,
        residentMiB,
        rounds: results
      })
    )
    return
  }
  console.log(`startup with ${workers} workers, median of ${results.length}; ${machine}; ${date}`)
  console.log(`  READY after        ${readySeconds.toFixed(1)} s   (target 15 s)`)
  console.log(`  stopped after      ${stopSeconds.toFixed(1)} s`)
  console.log(`  resident memory    ${residentMiB} MiB  (target 1536 MiB)`)
  for (const [name, value] of Object.entries(results.at(-1)?.residentMiB ?? {}))
    console.log(`    ${name.padEnd(16)} ${value} MiB`)
}
