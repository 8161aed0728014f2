import { expect } from 'chai'
import { LogKeeper } from '../src/log-keeper.ts'
import { ManagedProcess } from '../src/managed-process.ts'
import { isAlive, processTree, type ProcessId } from '../src/process-id.ts'
import { Reaper } from '../src/reaper.ts'
import { waitFor } from '../src/wait.ts'
import { codeThrownBy } from './helpers.ts'

describe('devnet/managed-process', () => {
  let reaper: Reaper
  let unexpected: string[]
  beforeEach(() => {
    reaper = new Reaper()
    unexpected = []
  })
  afterEach(() => reaper.close())

  const run = (script: string, env: Record<string, string> = {}): ManagedProcess => {
    const spec = { name: 'child', command: 'bash', args: ['-c', script], cwd: '/', env }
    const options = {
      reaper,
      log: new LogKeeper(),
      onUnexpectedExit: (name: string, exit: string) => void unexpected.push(`${name} ${exit}`)
    }
    const child = new ManagedProcess(spec, options)
    child.start()
    return child
  }
  const says = (child: ManagedProcess, text: string): Promise<boolean> =>
    waitFor(() => child.log.lines().includes(text), { what: text, limitMs: 5_000, intervalMs: 10 })

  it('stops a child that listens to SIGTERM, and its children with it', async () => {
    const child = run('sleep 60 & trap "exit 0" TERM; echo up; wait')
    await says(child, 'up')
    const ids = processTree(child.id?.pid ?? 0)
    expect(ids).to.have.length(2)
    await child.stop(5_000)
    await waitFor(() => ids.every(({ pid }) => processTree(pid).length === 0), { what: 'all to end', limitMs: 2_000 })
    expect(unexpected).to.deep.equal([])
  })

  it('kills a child that does not listen', async () => {
    const child = run('trap "" TERM; echo up; while :; do sleep 0.1; done')
    await says(child, 'up')
    const id = child.id as ProcessId
    await child.stop(200)
    expect(isAlive(id)).to.equal(false)
  })

  it('reports an end that nobody asked for, with the last lines', async () => {
    const child = run('echo the reason; exit 3')
    await child.exited()
    await says(child, 'the reason')
    expect(unexpected).to.deep.equal(['child exit code 3'])
    expect(await codeThrownBy(() => child.assertRunning())).to.equal('DEVNET_PROCESS_ENDED')
    expect(() => child.assertRunning()).to.throw('the reason')
  })

  it('starts again after a kill', async () => {
    const child = run('echo up; sleep 60')
    await says(child, 'up')
    const first = child.id as ProcessId
    await child.kill('SIGKILL')
    expect(child.id).to.equal(undefined)
    child.start()
    expect(child.id?.pid).to.be.a('number').and.not.equal(first.pid)
    expect(isAlive(first)).to.equal(false)
    await child.stop(1_000)
  })

  it('does not hand on the environment of this process', async () => {
    process.env.ENIGMA_TEST_SECRET = 'leaked'
    const child = run('echo "${ENIGMA_TEST_SECRET-none} $GIVEN"', { GIVEN: 'yes' })
    delete process.env.ENIGMA_TEST_SECRET
    await says(child, 'none yes')
  })

  it('says why a program could not be started', async () => {
    const child = new ManagedProcess(
      { name: 'child', command: '/no/such/program', args: [], cwd: '/' },
      { reaper, log: new LogKeeper() }
    )
    child.start()
    await child.exited()
    expect(() => child.assertRunning()).to.throw('ENOENT')
    await child.stop(100)
  })
})
