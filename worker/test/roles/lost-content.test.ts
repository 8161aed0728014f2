import { expect } from 'chai'
import type { ScAddr } from '@enigma/protocol'
import { createLogger } from '../../src/ops/log.ts'
import { createStatusBoard, type StatusBoard } from '../../src/ops/status-board.ts'
import { keptUntil, oldestKeptEpoch } from '../../src/roles/epoch-keys.ts'
import { startLostContent } from '../../src/roles/lost-content.ts'
import type { Unmet } from '../../src/sync/unmet.ts'
import { MemoryChain, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

const C = asScAddr('contract'),
  D = asScAddr('another contract')

describe('roles/lost-content', () => {
  let chain: MemoryChain
  let board: StatusBoard
  let unmet: Unmet[]
  let others: number
  let reason: string | null
  let lines: string[]
  let asked: number
  let stop: () => void
  const made = asTaskId('the task of delta 1')

  beforeEach(() => {
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    ;[unmet, others, reason, lines, asked] = [[], 2, null, [], 0]
    board = createStatusBoard()
    for (const scAddr of [C, D]) {
      chain.deploy(scAddr, hashOf('code'))
      for (const index of [0, 1]) {
        const taskId = index === 1 && scAddr === C ? made : asTaskId(`${scAddr} ${index}`)
        chain.record({ taskId, scAddr, inputHash: hashOf(taskId) })
        chain.include(taskId, { deltaHash: hashOf(`delta ${index} of ${scAddr}`) })
      }
    }
    chain.startEpoch()
    stop = startLostContent({
      chain,
      sync: { unmet: () => ((asked += 1), unmet) },
      tasks: () => [asTaskId(`${C} 0`), made, asTaskId(`${D} 0`), asTaskId(`${D} 1`)].map(id => chain.task(id)!),
      others: () => others,
      couldNotRebuild: taskId => (taskId === made ? reason : null),
      board,
      log: createLogger({ write: line => void lines.push(line) }),
      everyMs: 2,
      patienceMs: 0
    })
  })
  afterEach(() => stop())

  const missing = (over: Partial<Unmet> = {}): Unmet => ({
    scAddr: C,
    first: 1,
    count: 1,
    bytecode: false,
    rounds: 3,
    sinceMs: performance.now(),
    connected: 2,
    lackedBy: 2,
    ...over
  })
  const alarms = () => board.snapshot().alarms.filter(({ code }) => code === 'CONTENT_LOST')
  /** It has looked since. */
  async function looks(): Promise<void> {
    const before = asked
    while (asked < before + 2) await new Promise(done => setTimeout(done, 1))
  }
  const warnings = (): number => lines.filter(line => line.includes('CONTENT_LOST')).length
  const endRetention = (): number => {
    const until = keptUntil(chain, 1)!
    chain.mine(until - chain.head().number + 1)
    expect(oldestKeptEpoch(chain)).to.equal(2)
    return until
  }

  it('says which delta of which contract nobody holds, since when nobody can make it, and who was asked', async () => {
    unmet = [missing()]
    const until = keptUntil(chain, 1)!
    chain.mine(until - chain.head().number)
    await looks()
    expect(alarms()).to.deep.equal([]) // the keys are there, somebody may still run it

    chain.mine()
    await looks()

    const [alarm] = alarms()
    expect(alarm!.message).to.include(`Of contract ${C} nobody holds delta 1: 2 of 2 connected workers`)
    expect(alarm!.message).to.include(`The keys of epoch 1 were destroyed after block ${until}`).and.to.include(made)
    expect(alarm!.hint).to.match(/Start the worker, or the copy/)
    expect([alarm!.times, warnings()]).to.deep.equal([1, 1])
    chain.mine(50)
    await looks()
    expect([alarms()[0]!.times, warnings()]).to.deep.equal([1, 1])
  })

  it('is over when the content turns up, and still counts among the alarms that there were', async () => {
    unmet = [missing()]
    endRetention()
    await looks()
    expect(alarms()).to.have.length(1)

    unmet = []
    await looks()

    expect(alarms()).to.deep.equal([])
    expect(board.alarmTimes()).to.deep.equal({ CONTENT_LOST: 1 })
    expect(lines.join()).to.include('turned up')
  })

  const quiet: [string, Partial<Unmet>][] = [
    ['a worker that is connected has not answered', { lackedBy: 1 }],
    ['nobody is connected though others are registered', { connected: 0, lackedBy: 0 }],
    ['everybody was asked twice only', { rounds: 2 }]
  ]
  for (const [what, over] of quiet) {
    it(`calls nothing lost while ${what}`, async () => {
      unmet = [missing(over)]
      endRetention()
      await looks()
      expect(alarms()).to.deep.equal([])
      unmet = [missing()]
      await looks()
      expect(alarms()).to.have.length(1)
    })
  }

  it('needs no other worker where none is registered, and stays when one that knows nothing comes', async () => {
    others = 0
    unmet = [missing({ connected: 0, lackedBy: 0, first: 0, count: 2, bytecode: true })]
    endRetention()
    await looks()
    expect(alarms()[0]!.message).to.include('nobody holds the bytecode, delta 0 and the 1 after it: no other worker')

    others = 1
    unmet = [missing({ connected: 1, lackedBy: 0, first: 0, count: 2, bytecode: true })]
    await looks()
    expect(alarms()[0]!.message).to.include('0 of 1 connected workers')
    expect(warnings()).to.equal(1)
  })

  it('says before the keys are gone why this seat could not run the task again', async () => {
    unmet = [missing()]
    reason = 'its input is not here any more'
    await looks()
    expect(alarms()[0]!.message)
      .to.include(`another seat may run that again until block ${keptUntil(chain, 1)}`)
      .and.to.include('This seat could not: its input is not here any more.')

    endRetention()
    await looks()
    expect(alarms()[0]!.message).to.include('destroyed').and.to.include('its input is not here any more')
    expect(warnings()).to.equal(1)
  })

  it('names further contracts, and leaves those that turn up', async () => {
    const both = (scAddrs: readonly ScAddr[]): Unmet[] => scAddrs.map(scAddr => missing({ scAddr }))
    unmet = both([C, D])
    endRetention()
    await looks()
    expect(alarms()[0]!.message).to.include(`Of contract ${C}`).and.to.include(`1 further contracts: ${D}`)

    unmet = both([D])
    await looks()
    expect(alarms()[0]!.message).to.include(`Of contract ${D}`).and.to.not.include(C)
    expect(warnings()).to.equal(2)
  })
})
