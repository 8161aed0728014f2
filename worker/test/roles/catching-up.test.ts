import { expect } from 'chai'
import type { ScAddr, StepStatus } from '@enigma/protocol'
import { createLogger } from '../../src/ops/log.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import { createCatchingUp } from '../../src/roles/catching-up.ts'
import type { SyncProgress } from '../../src/sync/interfaces.ts'
import { asScAddr } from '../memory-chain.ts'

/** A synchronisation that finds what `has` says at each round. */
class Network {
  readonly rounds: SyncProgress[] = []
  registered = false
  has = 0
  further = 0 // contracts that are deployed later
  readonly stop = new AbortController()
  readonly seen: StepStatus[] = []
  readonly board = createStatusBoard(Date.now, step => this.seen.push(step))
  readonly catchingUp = createCatchingUp({
    sync: {
      syncAll: async (progress = () => undefined, signal) => {
        await new Promise(resolve => setTimeout(resolve, 1))
        signal?.throwIfAborted()
        const done = this.registered ? this.has : 0
        const failed = Array.from({ length: 3 - done }, (_, i): ScAddr => asScAddr(`contract ${i}`))
        const found = { contracts: 3, done, failed, bytes: 0 }
        progress(found)
        this.rounds.push(found)
        return found
      },
      incomplete: () => 3 + this.further - this.has
    },
    known: () => 3 + this.further,
    isRegistered: () => this.registered,
    board: this.board,
    log: createLogger({ level: 'error' }),
    signal: this.stop.signal,
    limits: { firstMs: 50, strangerMs: 20, beforeLoginMs: 60, roundMs: 20, pauseMs: 1 }
  })

  get step(): StepStatus {
    return this.board.steps().find(({ name }) => name === 'sync')!
  }
}

describe('roles/catching-up', () => {
  let net: Network
  beforeEach(() => (net = new Network()))
  afterEach(() => net.stop.abort())

  it('of a newcomer waits for the registration, and is done only when all is here', async () => {
    net.has = 3
    expect(net.catchingUp.synced).to.equal(0) // nobody has looked
    await net.catchingUp.first()
    expect(net.step).to.include({ state: 'waiting', code: 'WAITS_FOR_REGISTRATION' })
    expect(net.step.detail).to.contain('0 of 3')
    expect(net.step.hint).to.contain('after `register`')
    expect(net.catchingUp.tried).to.equal(false)
    net.registered = true
    await net.catchingUp.finish()
    expect(net.step).to.include({ state: 'done' }).and.not.have.property('code')
    expect(net.step.detail).to.contain('3 of 3')
    expect(net.catchingUp.synced).to.equal(3)
    net.further = 2
    expect(net.catchingUp.synced).to.equal(3)
    net.has = 5
    expect(net.catchingUp.synced).to.equal(5)
  })

  it('lets a worker log in though one contract cannot be had, says so, and gets it later', async () => {
    net.registered = true
    net.has = 2
    await net.catchingUp.first()
    expect(net.catchingUp.tried).to.equal(true)
    await net.catchingUp.finish()
    expect(net.step).to.include({ state: 'waiting', code: 'WAITS_FOR_CONTENT' })
    expect(net.step.detail).to.contain('2 of 3')
    net.has = 3
    while (net.step.state !== 'done') await new Promise(resolve => setTimeout(resolve, 2))
    expect(net.step.detail).to.contain('3 of 3')
  })

  it('ends with the node', async () => {
    net.registered = true
    await net.catchingUp.first()
    net.stop.abort()
    await net.catchingUp.finish()
    const { length } = net.rounds
    await new Promise(resolve => setTimeout(resolve, 10))
    expect(net.rounds).to.have.lengthOf(length)
    expect(net.step.state).to.not.equal('done')
  })
})
