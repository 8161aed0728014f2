import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { devAccount } from '@enigma/devnet'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

interface Step {
  readonly kind: string
  readonly code: string
}

/** The fenced blocks that follow a `<!-- tour: ... -->` mark, in order. */
function tour(): Step[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const marks = /<!-- tour: ([^ ]+) -->\s+```[a-z]+\n([\s\S]*?)```/g
  return [...readme.matchAll(marks)].map(([, kind = '', code = '']) => ({ kind, code }))
}

/** Runs shell lines as a reader types them: one shell for all blocks so far, stopping at the first failure. */
async function shell(lines: string): Promise<string> {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', lines], {
    cwd: root,
    timeout: 300_000,
    maxBuffer: 16 * 1024 * 1024
  })
  return stdout
}

describe('e2e: the tour in README.md', () => {
  const folder = join(root, 'my-contract')
  after(async function () {
    this.timeout(60_000)
    rmSync(folder, { recursive: true, force: true })
    await shell('./launch.sh -q')
  })

  it('runs as written, and ends with the address of the highest bidder', async function () {
    this.timeout(600_000)
    expect(existsSync(folder), `${folder} is in the way`).to.equal(false)
    const steps = tour()
    const kinds = steps.map(({ kind }) => kind.split('=')[0])
    expect(kinds).to.deep.equal(['setup', 'file', 'run', 'file', 'run', 'stop'])
    // The network runs after the first step and would refuse a second start, so only the environment is set up again.
    const environment = steps[0]!.code
      .split('\n')
      .filter(line => !line.startsWith('./launch.sh'))
      .join('\n')
    const bidder = devAccount(12).address.toLowerCase()
    let answers = 0
    for (const { kind, code } of steps) {
      const [what, file = ''] = kind.split('=')
      if (what === 'file') {
        mkdirSync(dirname(join(root, file)), { recursive: true })
        writeFileSync(join(root, file), code)
      } else if (what === 'run') {
        const output = await shell(`${environment}\n${code}`)
        expect(output.trim().split('\n').at(-1)?.toLowerCase(), code).to.include(bidder)
        answers += 1
      } else {
        await shell(code)
      }
    }
    expect(answers).to.equal(2)
  })
})
