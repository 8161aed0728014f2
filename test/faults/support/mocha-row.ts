import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { must } from '../row.ts'

const root = resolve(import.meta.dirname, '../../..')

export interface MochaRun {
  readonly files: readonly string[]
  /** Only tests whose title contains this. */
  readonly grep?: string
  /** Settings of the tests, such as how many random cases they try. */
  readonly env?: Readonly<Record<string, string>>
}

/** Runs tests that a package has of its own, with other numbers. Gives how many passed. @throws with the first failure. */
export async function runMocha({ files, grep, env = {} }: MochaRun): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-row-'))
  const report = join(folder, 'report.json')
  const only = grep === undefined ? [] : ['--fgrep', grep]
  const args = ['--reporter', 'tools/test/reporter.mjs', '--timeout', '0', ...only, ...files]
  try {
    const { ended, output } = await new Promise<{ ended: string; output: string }>(resolve => {
      const settings = { ...process.env, ...env, ENIGMA_TEST_REPORT: report }
      execFile('node_modules/.bin/mocha', args, { cwd: root, env: settings, maxBuffer: 2 ** 26 }, (error, out, err) =>
        resolve({ ended: error === null ? 'well' : `with ${error.signal ?? error.code}`, output: out + err })
      )
    })
    must(existsSync(report), `the tests ended ${ended} and left no report\n${output}`)
    const { stats, failures } = JSON.parse(readFileSync(report, 'utf8')) as {
      stats: { passes: number }
      failures: { fullTitle: string; err: { message?: string } }[]
    }
    must(failures.length === 0, `${failures[0]?.fullTitle}: ${failures[0]?.err.message}\n${output}`)
    must(stats.passes > 0, `no test matched\n${output}`)
    return stats.passes
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
