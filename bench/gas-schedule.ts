import { execFile } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createWasmPool, FAILURE_REASON, MAX_GAS, THREAD_URL } from '@enigma/enclave-sim/wasm'
import { runInput } from '@enigma/enclave-sim/wasm-testing'
import { cases } from './gas-cases.ts'

/**
 * How long MAX_GAS takes when all of it is spent on one kind of instruction or host call (PROTOCOL.md R6: at most about 2 s).
 *
 * Method: an endless loop over copies of the pattern runs in the enclave's own pool until the gas is gone. CPU seconds of the whole
 * process, compiling included, so that other load on the machine matters little. Twice: with the engine's optimising compiler, and
 * without it ("baseline"), which is what a contract gets that never runs one function long enough. Both count.
 *
 * Usage: node bench/gas-schedule.ts [--json] [part of a name]
 */
const TARGET_SECONDS = 2

interface Figure {
  readonly name: string
  readonly cpuSeconds: number
}

const args = process.argv.slice(2)
const wanted = args.find(arg => !arg.startsWith('--')) ?? ''

async function measure(): Promise<Figure[]> {
  const pool = createWasmPool({ threads: 1, threadUrl: THREAD_URL, timeoutMs: 300_000 })
  const figures: Figure[] = []
  for (const [name, build] of Object.entries(cases)) {
    if (!name.includes(wanted)) continue
    const input = runInput(build(), { gasLimit: MAX_GAS, state: new Map([['0x00000000', new Uint8Array(65_536)]]) })
    const before = process.cpuUsage()
    const result = await pool.run(input)
    const { user, system } = process.cpuUsage(before)
    if (result.ok || result.reason !== FAILURE_REASON.OUT_OF_GAS)
      throw new Error(`${name} ended early: ${result.ok || result.message}`)
    figures.push({ name, cpuSeconds: (user + system) / 1e6 })
  }
  await pool.stop()
  return figures
}

if (args.includes('--part')) {
  console.log(JSON.stringify(await measure()))
} else {
  /** A process of its own: the engine's flags hold for all of it. */
  const part = async (...flags: string[]): Promise<Figure[]> => {
    const self = fileURLToPath(import.meta.url)
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, self, '--part', wanted])
    return JSON.parse(stdout) as Figure[]
  }
  const optimised = await part()
  const baseline = await part('--no-wasm-tier-up')
  const figures = optimised.map(({ name, cpuSeconds }, i) => ({
    name,
    optimised: cpuSeconds,
    baseline: baseline[i]!.cpuSeconds
  }))
  const machine = { cpu: os.cpus()[0]?.model, node: process.version, date: new Date().toISOString().slice(0, 10) }
  if (args.includes('--json')) console.log(JSON.stringify({ maxGas: String(MAX_GAS), machine, figures }, null, 2))
  else {
    console.log(`CPU seconds for MAX_GAS = ${MAX_GAS}; ${machine.cpu}, Node ${machine.node}, ${machine.date}`)
    console.log('optimised  baseline')
    for (const { name, optimised, baseline } of figures) {
      const mark = Math.max(optimised, baseline) > TARGET_SECONDS ? ' > 2 s' : ''
      console.log(`${optimised.toFixed(2).padStart(9)} ${baseline.toFixed(2).padStart(9)}  ${name}${mark}`)
    }
  }
}
