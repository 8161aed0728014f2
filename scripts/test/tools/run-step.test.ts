import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { runStep } from '../../../tools/run-step.ts'

describe('tools/run-step', () => {
  const run = (script: string, timeoutMs = 10_000): ReturnType<typeof runStep> =>
    runStep(['bash', '-c', script], { cwd: '/', timeoutMs, quiet: true })

  it('collects the output of a step that succeeds', async () => {
    expect(await run('echo out; echo err >&2')).to.deep.include({ problem: undefined })
    expect((await run('echo out; echo err >&2')).output.split('\n')).to.include.members(['out', 'err'])
  })

  it('says how a step ended', async () => {
    expect((await run('exit 3')).problem).to.equal('it ended with exit code 3')
    expect((await run('kill -SEGV $$')).problem).to.equal('it was ended by SIGSEGV')
    const missing = await runStep(['/no/such/program'], { cwd: '/', timeoutMs: 1_000, quiet: true })
    expect(missing.problem).to.contain('ENOENT')
  })

  it('ends a step that takes too long, with all that it started', async () => {
    const { problem, output } = await run('sleep 60 & echo $!; wait', 500)
    expect(problem).to.equal('it did not end within 0.5 s')
    await ended(output.trim())
  })

  it('ends what a step leaves behind', async () => {
    const { output } = await run('sleep 60 & echo $!')
    await ended(output.trim())
  })
})

/** A process that was killed is not gone at once. */
async function ended(pid: string): Promise<void> {
  for (let i = 0; i < 100 && runs(pid); i++) await new Promise(resolve => setTimeout(resolve, 20))
  expect(runs(pid)).to.equal(false)
}

/** False for a process that is gone, or dead and not yet collected by its parent. */
function runs(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
