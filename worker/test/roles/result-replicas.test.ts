import { expect } from 'chai'
import { TaskStatus, type ReleasedResult, type TaskId } from '@enigma/protocol'
import { createLogger } from '../../src/ops/log.ts'
import { startResultReplicas } from '../../src/roles/result-replicas.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

describe('roles/result-replicas', () => {
  it('copies the results of its seats, and of no other tasks', async () => {
    const chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    const asked: TaskId[] = []
    const relay = {
      result(taskId: TaskId) {
        asked.push(taskId)
        return Promise.resolve(asked.length === 1 ? null : ({} as ReleasedResult)) // not released yet at first
      }
    }
    const log = createLogger({ write: () => undefined })
    const stop = startResultReplicas({ chain, relay, signer: addressOf('alice enclave'), log })
    const scAddr = asScAddr('contract')
    const mine = chain.record({ taskId: asTaskId('mine'), scAddr, inputHash: hashOf('1') })
    const returned = chain.record({ taskId: asTaskId('returned'), scAddr, inputHash: hashOf('2') })
    chain.register('bob')
    chain.startEpoch(['bob'])
    const other = chain.record({ taskId: asTaskId('other'), scAddr, inputHash: hashOf('3') })
    chain.settle(mine.taskId, {})
    chain.settle(returned.taskId, { status: TaskStatus.ReceiptFailedReturn })
    chain.settle(other.taskId, {})
    chain.mine()
    for (let i = 0; i < 300 && asked.length < 2; i++) await new Promise(done => setTimeout(done, 10))
    stop()
    expect(asked).to.deep.equal([mine.taskId, mine.taskId])
  })
})
