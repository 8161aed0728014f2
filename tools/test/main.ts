/** Builds, then runs every kind of test, cheap ones first; goes on after a failure so that all of it is reported. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build, buildParts } from '../build.ts'
import { killRunningSteps, seconds } from '../run-step.ts'
import { runLint } from './lint.ts'
import { contractSuites, e2eSuites, faultSuites, runSuite, unitSuites, type MochaSuite } from './mocha.ts'
import { add, type Tally } from './tally.ts'

const root = resolve(import.meta.dirname, '../..')
const kinds = ['lint', 'unit', 'contracts', 'e2e', 'faults'] as const
type Kind = (typeof kinds)[number]
const say = (line: string): void => console.log(line)

const suitesOf: Readonly<Record<Exclude<Kind, 'lint'>, (root: string, grep: readonly string[]) => MochaSuite[]>> = {
  unit: unitSuites,
  contracts: contractSuites,
  e2e: e2eSuites,
  faults: faultSuites
}

function readFlags(): { only: readonly Kind[]; grep: readonly string[] } {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, grep: { type: 'string' } } })
    const only = values.only?.map(name => {
      const kind = kinds.find(known => known === name)
      if (kind === undefined) throw new Error(`--only takes one of ${kinds.join(', ')}, not '${name}'`)
      return kind
    })
    return { only: only ?? kinds, grep: values.grep === undefined ? [] : ['--grep', values.grep] }
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm test -- [--only ${kinds.join('|')}] [--grep TEXT]`)
    process.exit(2)
  }
}

async function runKind(kind: Kind, grep: readonly string[]): Promise<Tally[]> {
  if (kind === 'lint') return runLint(root, say)
  const tallies: Tally[] = []
  for (const suite of suitesOf[kind](root, grep)) tallies.push(await runSuite(root, suite, say))
  // A kind without a single suite is a checkout with something missing, not a success; the fault matrix has no titles to search.
  return tallies.length > 0 || (kind === 'faults' && grep.length > 0)
    ? tallies
    : [{ passed: 0, failed: 1, problems: [`${kind}: no test was found`] }]
}

async function buildAll(): Promise<Tally[]> {
  const tallies: Tally[] = []
  for (const part of buildParts) {
    const problem = await build(part, line => say(`  ${line}`))
    if (problem === undefined) continue
    say(problem)
    tallies.push({ passed: 0, failed: 1, problems: [`build: ${part.name} failed`] })
  }
  return tallies
}

const { only, grep } = readFlags()
const started = Date.now()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killRunningSteps()
    say('0 passed, 1 failed')
    process.exit(1)
  })
}

say('build')
const tallies = await buildAll()
for (const kind of kinds.filter(known => only.includes(known))) {
  say(`\n${kind}`)
  tallies.push(...(await runKind(kind, grep)))
}

const { passed, failed, problems } = add(tallies)
if (problems.length > 0) say(`\nWhat failed:\n${problems.map(problem => `  - ${problem}`).join('\n')}`)
say(`\nThe whole run took ${seconds(started)}.`)
say(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
