/**
 * `npm run test:faults`: the fault matrix. `--core`, `--campaign`; `--rows 1,5-8`; `--times N`; `--seed S` repeats a run.
 * Prints a table of figures; exits 1 if one does not hold.
 */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { ownNamespace } from '@enigma/faults'
import { allRows } from './catalogue.ts'
import { mochaReport, tableOf, type Result } from './results.ts'
import type { Lane, Row, Scale } from './row.ts'

const { values } = parseArgs({
  options: {
    core: { type: 'boolean' },
    campaign: { type: 'boolean' },
    rows: { type: 'string' },
    times: { type: 'string' },
    seed: { type: 'string' },
    verbose: { type: 'boolean' }
  }
})
const scale: Scale = values.core === true ? 'core' : values.campaign === true ? 'campaign' : 'full'
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const limitMs = { core: 10 * 60_000, full: 40 * 60_000, campaign: 24 * 3_600_000 }[scale]
const folder = mkdtempSync(join(tmpdir(), 'enigma-faults-'))

function wantedRows(rows: readonly Row[]): Row[] {
  const listed = values.rows?.split(',').flatMap(part => {
    const [from = NaN, to = from] = part.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
  return listed === undefined
    ? rows.filter(row => row.times[scale] > 0)
    : rows.filter(row => listed.includes(row.number))
}

/** Rows that have a process of their own, beside the two networks: more only wait for the two cores. */
const SINGLES_AT_ONCE = 2
const longestFirst = (a: Row, b: Row): number => (b.minutes ?? 0) - (a.minutes ?? 0) || a.number - b.number

/** One process for rows of a lane. What it says goes to a file, and to the screen with `--verbose`. */
function runProcess(lane: Lane, rows: readonly Row[]): Promise<void> {
  const place = lane === 'parts' || lane === 'own' ? `row-${rows[0]!.number}` : lane
  const dataFolder = join(folder, place)
  mkdirSync(dataFolder)
  const log = createWriteStream(join(folder, `${place}.log`))
  const numbers = rows.map(row => row.number).join(',')
  const times = values.times === undefined ? [] : [values.times]
  const command = [
    process.execPath,
    '--expose-gc',
    join(import.meta.dirname, 'lane.ts'),
    numbers,
    scale,
    String(seed),
    dataFolder
  ]
  const [program = '', ...args] = lane === 'netns' ? ownNamespace([...command, ...times]) : [...command, ...times]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGTERM'), limitMs)
  const stop = (): void => void child.kill('SIGTERM')
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  for (const stream of [child.stdout, child.stderr]) {
    stream!.on('data', (chunk: Buffer) => {
      log.write(chunk)
      if (values.verbose === true) process.stderr.write(chunk)
    })
  }
  const missing = new Set(rows)
  createInterface({ input: child.stdio[3] as NodeJS.ReadableStream }).on('line', line => {
    const result = JSON.parse(line) as Result
    missing.delete(rows.find(row => row.number === result.number)!)
    report(result)
  })
  return new Promise(resolve => {
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      process.off('SIGTERM', stop)
      process.off('SIGINT', stop)
      log.end()
      for (const { number, name } of missing) {
        report({ number, name, times: 0, ok: false, figure: `the lane ended before it (${signal ?? code})`, ms: 0 })
      }
      resolve()
    })
  })
}

const rows = wantedRows(await allRows())
console.log(`seed ${seed}, scale ${scale}, logs in ${folder}`)
const results: Result[] = []
const report = (result: Result): void => {
  results.push(result)
  const { number, name, ok, figure } = result
  console.log(`  ${ok ? 'ok    ' : 'FAILED'} ${number} ${name}: ${figure}`)
}
const ofLane = (lane: Lane): Row[] => rows.filter(row => row.lane === lane).sort(longestFirst)
const networks = (['devnet', 'netns'] as const).map(lane => {
  const found = ofLane(lane)
  return found.length === 0 ? Promise.resolve() : runProcess(lane, found)
})
const single = [...ofLane('own'), ...ofLane('parts')].sort(longestFirst)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void single.splice(0)) // no more of them
const singles = Array.from({ length: SINGLES_AT_ONCE }, async () => {
  for (let row = single.shift(); row !== undefined; row = single.shift()) await runProcess(row.lane, [row])
})
await Promise.all([...networks, ...singles])

const failed = results.filter(({ ok }) => !ok).length
console.log(`\n${tableOf(results)}\n`)
if (process.env.ENIGMA_TEST_REPORT !== undefined) {
  writeFileSync(process.env.ENIGMA_TEST_REPORT, JSON.stringify(mochaReport(results)))
}
if (failed === 0) rmSync(folder, { recursive: true, force: true })
else console.log(`repeat with --seed ${seed}; logs are in ${folder}`)
console.log(`${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 && results.length > 0 ? 0 : 1
