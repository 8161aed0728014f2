import { globSync } from 'node:fs'
import { join } from 'node:path'
import { runStep, seconds } from '../run-step.ts'
import type { Tally } from './tally.ts'

export interface LintCheck {
  readonly name: string
  readonly command: readonly string[]
  /** Runs only if a file matches, so that a folder that does not exist yet is no failure. */
  readonly onlyWith?: string
}

const bin = (name: string): string => `node_modules/.bin/${name}`

export const lintChecks: readonly LintCheck[] = [
  { name: 'lockfile without addresses', command: ['node', 'scripts/checks/lockfile.ts'] },
  { name: 'no machine paths, registries, switched-off tests', command: ['node', 'scripts/checks/hygiene.ts'] },
  { name: 'import rules', command: ['node', 'scripts/checks/imports.ts'] },
  { name: 'no import cycles', command: ['node', 'scripts/checks/cycles.ts'] },
  { name: 'links in the documents', command: ['node', 'scripts/checks/links.ts'] },
  { name: 'lines named in the documents', command: ['node', 'scripts/checks/references.ts'] },
  { name: 'shell syntax', command: ['bash', 'scripts/checks/shell.sh'] },
  { name: 'formatting (prettier)', command: [bin('prettier'), '--check', '--cache', '--log-level', 'warn', '.'] },
  {
    name: 'Solidity (solhint)',
    command: [bin('solhint'), '--noPoster', '--disc', '--max-warnings', '0', 'contracts/**/*.sol'],
    onlyWith: 'contracts/**/*.sol'
  },
  { name: 'documentation site (typedoc, vitepress)', command: ['bash', 'tools/site/build.sh'] },
  { name: 'types (tsc)', command: [bin('tsc'), '-p', '.'] },
  { name: 'eslint', command: [bin('eslint'), '--max-warnings', '0', '.'] }
]

/** Checks that run side by side: the slow ones keep one core busy each. */
const atOnce = 2

/** Runs every check; each counts as one test. What a check printed is shown only if it failed. */
export async function runLint(root: string, say: (line: string) => void): Promise<Tally[]> {
  const waiting = lintChecks.filter(
    ({ onlyWith }) => onlyWith === undefined || globSync(join(root, onlyWith)).length > 0
  )
  const tallies: Tally[] = []
  const lane = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      tallies.push(await runCheck(root, check, say))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return tallies
}

async function runCheck(root: string, { name, command }: LintCheck, say: (line: string) => void): Promise<Tally> {
  const started = Date.now()
  const { problem, output } = await runStep(command, { cwd: root, timeoutMs: 300_000, quiet: true })
  if (problem !== undefined) say(output.trimEnd())
  say(`  ${problem === undefined ? 'ok    ' : 'FAILED'} ${name} (${seconds(started)})`)
  return problem === undefined
    ? { passed: 1, failed: 0, problems: [] }
    : { passed: 0, failed: 1, problems: [`lint: ${name}: ${problem}`] }
}
