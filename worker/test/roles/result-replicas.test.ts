import { expect } from 'chai'
import { TaskStatus, type Address, type Hash, type ReleasedResult, type TaskId } from '@enigma/protocol'
import type { ChainTask } from '../../src/chain/reader.ts'
import { createLogger } from '../../src/ops/log.ts'
import { startResultReplicas } from '../../src/roles/result-replicas.ts'
import type { Presence } from '../../src/sync/interfaces.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

describe('roles/result-replicas', () => {
  const scAddr = asScAddr('contract')
  let chain: MemoryChain
  let asked: TaskId[]
  let lost: TaskId[]
  let sought: number[]
  let answer: () => ReleasedResult | null
  let delta: () => Presence
  let connected: Address[]
  let stop: () => void

  beforeEach(() => {
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    asked = []
    lost = []
    sought = []
    delta = () => 'here'
    connected = []
    answer = () => ({}) as ReleasedResult
    stop = () => undefined
    start()
  })
  const start = (known: readonly ChainTask[] = []): void => {
    stop()
    stop = startResultReplicas({
      chain,
      relay: {
        result(taskId: TaskId) {
          asked.push(taskId)
          return Promise.resolve(answer())
        }
      },
      sync: {
        seek(_scAddr, index) {
          sought.push(index)
          return Promise.resolve(delta())
        }
      },
      signer: addressOf('alice enclave'),
      connected: () => connected,
      tasks: () => known,
      log: createLogger({ write: () => undefined }),
      onLost: taskId => lost.push(taskId),
      firstPauseMs: 2
    })
  }
  afterEach(() => stop())
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !condition(); i++) await new Promise(done => setTimeout(done, 5))
    expect(condition()).to.equal(true)
  }
  const settledTask = (deltaHash?: Hash): TaskId => {
    const { taskId } = chain.record({ taskId: asTaskId('mine'), scAddr, inputHash: hashOf('1') })
    const operator = addressOf('bob')
    if (deltaHash === undefined) chain.settle(taskId, { operator })
    else chain.include(taskId, { deltaHash, operator })
    chain.mine()
    return taskId
  }

  it('copies the results of its seats, and of no other tasks', async () => {
    answer = () => (asked.length === 1 ? null : ({} as ReleasedResult)) // not released yet at first
    const returned = chain.record({ taskId: asTaskId('returned'), scAddr, inputHash: hashOf('2') })
    chain.register('bob')
    chain.startEpoch(['bob'])
    const other = chain.record({ taskId: asTaskId('other'), scAddr, inputHash: hashOf('3') })
    chain.settle(returned.taskId, { status: TaskStatus.ReceiptFailedReturn })
    chain.settle(other.taskId, {})
    chain.startEpoch(['alice'])
    const mine = settledTask()
    await until(() => asked.length === 2)
    expect(asked).to.deep.equal([mine, mine])
    expect(lost).to.deep.equal([])
  })

  it('tells of a result that nobody hands out', async () => {
    answer = () => null
    const mine = settledTask()
    await until(() => lost.length === 1)
    expect(lost).to.deep.equal([mine])
  })

  it('tells of a delta that nobody hands out, although the result is there', async () => {
    delta = () => 'absent'
    chain.deploy(scAddr, hashOf('code'))
    const mine = settledTask(hashOf('delta'))
    await until(() => lost.length === 1)
    expect(lost).to.deep.equal([mine])
    expect(new Set(sought)).to.deep.equal(new Set([0]))
  })

  it('looks twice, and once more when it is its turn, while the worker that committed it is gone', async () => {
    delta = () => 'absent'
    chain.deploy(scAddr, hashOf('code'))
    settledTask(hashOf('delta'))
    await until(() => lost.length === 1)
    expect(sought).to.have.length(3)
  })

  it('is more patient with a worker that committed it and is connected', async () => {
    connected = [addressOf('bob')]
    delta = () => 'absent'
    chain.deploy(scAddr, hashOf('code'))
    settledTask(hashOf('delta'))
    await until(() => lost.length === 1)
    expect(sought).to.have.length(5)
  })

  it('does not take silence for absence', async () => {
    delta = () => 'unknown'
    chain.deploy(scAddr, hashOf('code'))
    settledTask(hashOf('delta'))
    await until(() => lost.length === 1)
    expect(sought).to.have.length(5)
  })

  it('calls nothing lost that comes while it waits for its turn', async () => {
    delta = () => (sought.length < 3 ? 'absent' : 'here')
    chain.deploy(scAddr, hashOf('code'))
    settledTask(hashOf('delta'))
    await until(() => sought.length === 3)
    await new Promise(done => setTimeout(done, 50))
    expect(lost).to.deep.equal([])
  })

  it('asks for a delta at once, for a result only when it is final', async () => {
    stop()
    chain = new MemoryChain({ confirmations: 12 })
    chain.register('alice')
    chain.startEpoch()
    start()
    chain.deploy(scAddr, hashOf('code'))
    settledTask(hashOf('delta'))
    await until(() => sought.length === 1)
    expect(asked).to.deep.equal([])
    chain.mine(12)
    await until(() => asked.length === 1)
  })

  it('looks after what was settled before it started', async () => {
    stop()
    answer = () => null
    delta = () => 'absent'
    chain.deploy(scAddr, hashOf('code'))
    const mine = settledTask(hashOf('delta'))
    const old = chain.record({ taskId: asTaskId('old'), scAddr, inputHash: hashOf('2') })
    chain.settle(old.taskId, {})
    start([chain.task(mine)!, { ...chain.task(old.taskId)!, epoch: -1 }])
    await until(() => lost.includes(mine))
    expect(asked).not.to.include(old.taskId)
  })

  it('calls nothing lost whose receipt a reorg took', async () => {
    answer = () => null
    const mine = settledTask()
    chain.forget(mine)
    await new Promise(done => setTimeout(done, 300))
    expect(lost).to.deep.equal([])
  })
})
