import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runStep, seconds } from '../run-step.ts'
import { tallyMocha, type Tally } from './tally.ts'

export interface MochaSuite {
  readonly name: string
  readonly command: readonly string[]
  readonly timeoutMs: number
}

const minute = 60_000
/** Only what hangs comes to its limit: on a machine that others use too, two minutes of work took more than five. */
const unitMinutes = 15
const mocha = ['node_modules/.bin/mocha', '--reporter', 'tools/test/reporter.mjs', '--forbid-only']

/** One suite per package, so that a package whose tests cannot even load costs nobody else's results. */
export function unitSuites(root: string, grep: readonly string[]): MochaSuite[] {
  const folders = globSync('*/test/**/*.test.ts', { cwd: root, exclude: ['node_modules/**', 'test/**'] })
    .map(path => path.split('/', 1)[0] ?? path)
    .sort()
  return [...new Set(folders)].map(folder => ({
    name: `unit: ${folder}`,
    command: [...mocha, ...grep, `${folder}/test/**/*.test.ts`],
    timeoutMs: unitMinutes * minute
  }))
}

export function contractSuites(root: string, grep: readonly string[]): MochaSuite[] {
  if (globSync('test/contracts/**/*.ts', { cwd: root }).length === 0) return []
  const command = ['node_modules/.bin/hardhat', 'test', 'mocha', ...grep]
  const onAnvil = ['node', 'test/contracts-on-anvil.ts']
  return [
    { name: 'contracts', command, timeoutMs: 10 * minute },
    { name: 'contracts on anvil', command: [...onAnvil, ...grep], timeoutMs: 10 * minute },
    {
      name: 'contracts on anvil, one block a second',
      command: [...onAnvil, '--block-time', '1'],
      timeoutMs: 10 * minute
    }
  ]
}

export function e2eSuites(root: string, grep: readonly string[]): MochaSuite[] {
  if (globSync('test/e2e/**/*.test.ts', { cwd: root }).length === 0) return []
  // --exit is not given: a test that leaves something running must be seen.
  const command = [...mocha, '--timeout', '120000', ...grep, 'test/e2e/**/*.test.ts']
  return [{ name: 'e2e', command, timeoutMs: 30 * minute }]
}

/** The core of the fault matrix: a runner of its own, which reports as mocha does. */
export function faultSuites(root: string, grep: readonly string[]): MochaSuite[] {
  if (grep.length > 0 || !existsSync(join(root, 'test/faults/main.ts'))) return []
  return [{ name: 'faults', command: ['node', 'test/faults/main.ts', '--core'], timeoutMs: 15 * minute }]
}

export async function runSuite(root: string, suite: MochaSuite, say: (line: string) => void): Promise<Tally> {
  const started = Date.now()
  const folder = mkdtempSync(join(tmpdir(), 'enigma-test-'))
  try {
    const report = join(folder, 'report.json')
    const { problem } = await runStep(suite.command, {
      cwd: root,
      timeoutMs: suite.timeoutMs,
      env: { ENIGMA_TEST_REPORT: report }
    })
    const tally = tallyMocha(suite.name, report, problem)
    say(`  ${suite.name}: ${tally.passed} passed, ${tally.failed} failed (${seconds(started)})`)
    return tally
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
