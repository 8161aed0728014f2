import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identify, isAlive } from '../src/process-id.ts'
import { claimState, readFile } from '../src/state-file.ts'
import { waitFor } from '../src/wait.ts'
import { codeThrownBy, temporaryFolder } from './helpers.ts'

describe('devnet/state-file', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let path: string
  const wanted = { keep: false, dataDir: '/d', logDir: '/l' }
  beforeEach(() => {
    folder = temporaryFolder()
    path = join(folder.path, 'devnet.json')
  })
  afterEach(() => folder.remove())

  it('lets one supervisor run, and names its process to the second', async () => {
    const holder = claimState(wanted, path)
    expect(await codeThrownBy(() => claimState(wanted, path))).to.equal('DEVNET_RUNNING')
    holder.release()
    claimState(wanted, path).release()
    expect(readFile(path)).to.equal(undefined)
  })

  it('shows the processes to their owner only', () => {
    const holder = claimState(wanted, path)
    holder.update({ phase: 'ready', processes: [{ name: 'chain', pid: 1, started: 'x' }] })
    expect(readFile(path)).to.deep.include({ phase: 'ready', dataDir: '/d' })
    expect(statSync(path).mode & 0o777).to.equal(0o600)
  })

  it('takes over from a supervisor that is gone, and ends its processes', async () => {
    const left = spawn('sleep', ['60'], { detached: true })
    const id = identify(left.pid ?? 0)
    claimState(wanted, path).update({
      supervisor: { pid: process.pid, started: 'another time' },
      processes: [{ name: 'worker1', ...id }]
    })
    claimState(wanted, path)
    await waitFor(() => !isAlive(id), { what: 'the left-over process to end', limitMs: 2_000 })
  })

  it('never ends a process that only has the number of one of its own', () => {
    const bystander = spawn('sleep', ['60'], { detached: true })
    const { pid = 0 } = bystander
    claimState(wanted, path).update({
      supervisor: { pid: process.pid, started: 'another time' },
      processes: [{ name: 'worker1', pid, started: 'long ago' }]
    })
    claimState(wanted, path)
    expect(isAlive(identify(pid))).to.equal(true)
    bystander.kill('SIGKILL')
  })

  it('takes over a file that nobody can read', () => {
    writeFileSync(path, '{"version":')
    claimState(wanted, path)
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.include({ phase: 'starting' })
  })
})
