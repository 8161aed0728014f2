import { expect } from 'chai'
import { TaskStatus, type Hash, type ReleasedResult, type TaskId } from '@enigma/protocol'
import { createLogger } from '../../src/ops/log.ts'
import { startResultReplicas } from '../../src/roles/result-replicas.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

describe('roles/result-replicas', () => {
  const scAddr = asScAddr('contract')
  let chain: MemoryChain
  let asked: TaskId[]
  let lost: TaskId[]
  let ensured: number[]
  let answer: () => ReleasedResult | null
  let hasDelta: boolean
  let stop: () => void

  beforeEach(() => {
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    asked = []
    lost = []
    ensured = []
    hasDelta = true
    answer = () => ({}) as ReleasedResult
    stop = startResultReplicas({
      chain,
      relay: {
        result(taskId: TaskId) {
          asked.push(taskId)
          return Promise.resolve(answer())
        }
      },
      sync: {
        ensure(_scAddr, index) {
          ensured.push(index)
          return hasDelta ? Promise.resolve() : Promise.reject(new Error('nobody has it'))
        }
      },
      signer: addressOf('alice enclave'),
      log: createLogger({ write: () => undefined }),
      onLost: taskId => lost.push(taskId),
      firstPauseMs: 2
    })
  })
  afterEach(() => stop())
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !condition(); i++) await new Promise(done => setTimeout(done, 5))
    expect(condition()).to.equal(true)
  }
  const settledTask = (deltaHash?: Hash): TaskId => {
    const { taskId } = chain.record({ taskId: asTaskId('mine'), scAddr, inputHash: hashOf('1') })
    if (deltaHash === undefined) chain.settle(taskId, {})
    else chain.include(taskId, { deltaHash })
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
    expect(asked.length).to.be.greaterThan(3)
  })

  it('tells of a delta that nobody hands out, although the result is there', async () => {
    hasDelta = false
    chain.deploy(scAddr, hashOf('code'))
    const mine = settledTask(hashOf('delta'))
    await until(() => lost.length === 1)
    expect(lost).to.deep.equal([mine])
    expect(new Set(ensured)).to.deep.equal(new Set([0]))
  })

  it('calls nothing lost whose receipt a reorg took', async () => {
    answer = () => null
    const mine = settledTask()
    chain.forget(mine)
    await new Promise(done => setTimeout(done, 300))
    expect(lost).to.deep.equal([])
  })
})
