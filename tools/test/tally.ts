import { existsSync, readFileSync } from 'node:fs'

/** What one suite contributed to the last line. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  /** What went wrong, one sentence each, repeated at the end of the run. */
  readonly problems: readonly string[]
}

interface MochaReport {
  readonly stats: { readonly passes: number; readonly failures: number; readonly pending: number }
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[]
  readonly pending: readonly { readonly fullTitle: string }[]
}

/**
 * Reads what mocha's JSON reporter left. A suite without a report did not run and counts as one failure; so does a
 * suite that ended badly though every test passed. A test that was switched off is a failure: nothing is left out silently.
 */
export function tallyMocha(suite: string, reportFile: string, problem: string | undefined): Tally {
  if (!existsSync(reportFile)) {
    return { passed: 0, failed: 1, problems: [`${suite} did not run: ${problem ?? 'mocha left no report'}`] }
  }
  const { stats, failures, pending } = JSON.parse(readFileSync(reportFile, 'utf8')) as MochaReport
  const problems = [
    ...failures.map(({ fullTitle, err }) => `${suite}: ${fullTitle}: ${firstLine(err.message)}`),
    ...pending.map(({ fullTitle }) => `${suite}: ${fullTitle}: was skipped`)
  ]
  const failed = failures.length + pending.length
  if (failed === 0 && problem !== undefined) {
    return { passed: stats.passes, failed: 1, problems: [`${suite}: every test passed, but ${problem}`] }
  }
  if (failed === 0 && stats.passes === 0) return { passed: 0, failed: 1, problems: [`${suite} holds no test that ran`] }
  return { passed: stats.passes, failed, problems }
}

export function add(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    problems: tallies.flatMap(({ problems }) => problems)
  }
}

function firstLine(text = 'failed'): string {
  return text.split('\n', 1)[0]?.slice(0, 300) ?? text
}
