import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { identify, isAlive, processTree, signalGroup } from '../src/process-id.ts'

describe('devnet/process-id', () => {
  it('knows this process', () => {
    expect(isAlive(identify(process.pid))).to.equal(true)
  })

  it('does not take another process of the same number for it', () => {
    expect(isAlive({ ...identify(process.pid), started: '1' })).to.equal(false)
    expect(signalGroup({ ...identify(process.pid), started: '1' }, 'SIGKILL')).to.equal(false)
  })

  it('knows that a process has ended', async () => {
    const child = spawn('sleep', ['60'], { detached: true })
    const id = identify(child.pid ?? 0)
    expect(isAlive(id)).to.equal(true)
    const ended = new Promise(resolve => child.once('exit', resolve))
    expect(signalGroup(id, 'SIGKILL')).to.equal(true)
    await ended
    expect(isAlive(id)).to.equal(false)
  })

  it('finds the children of a process, with their memory', async () => {
    const child = spawn('sleep', ['60'])
    const tree = processTree(process.pid)
    child.kill('SIGKILL')
    expect(tree[0]?.pid).to.equal(process.pid)
    expect(tree[0]?.residentBytes).to.be.greaterThan(10 << 20)
    expect(tree.map(({ pid }) => pid)).to.include(child.pid)
    await new Promise(resolve => child.once('exit', resolve))
  })
})
