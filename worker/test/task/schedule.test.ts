import { expect } from 'chai'
import type { Hash, Hex, ScAddr, TaskId } from '@enigma/protocol'
import type { Task, TaskState } from '../../src/task/machine.ts'
import { MAX_AHEAD, turns } from '../../src/task/schedule.ts'

const hash = (n: number): Hash => `0x${n.toString(16).padStart(64, '0')}` as Hash
const accepted = { recordBlock: 100, signature: '0x00' as Hex }
const ready: TaskState = { stage: 'accepted', accepted, notBefore: 0, runs: 0 }

const task = (order: number, state: TaskState, contract = 1, seat = 0, recordBlock = 100): Task => ({
  facts: {
    taskId: hash(order) as Hex as TaskId,
    scAddr: hash(contract) as Hex as ScAddr,
    inputHash: hash(order),
    epoch: 1,
    recordBlock,
    order,
    seat,
    refundDelay: 0
  },
  state
})
const orders = (tasks: Task[]): number[] => tasks.map(one => one.facts.order)

describe('task/schedule', () => {
  it('takes the tasks of one contract in record order, one at a time', () => {
    expect(orders(turns([task(2, ready), task(1, ready)], 100))).to.deep.equal([1])
    const running: TaskState = { stage: 'running', accepted, runs: 1 }
    expect(turns([task(1, running), task(2, ready)], 100)).to.deep.equal([])
  })

  const sealed = (n: number, callback = false): TaskState => ({
    stage: 'sealed',
    accepted,
    runs: 1,
    run: { digest: hash(n), prevHead: hash(0), deltaHash: hash(n), callback }
  })

  it('runs ahead on its own unsettled runs, as far as a batch reaches', () => {
    expect(orders(turns([task(1, sealed(1)), task(2, ready)], 100))).to.deep.equal([2])
    const many = Array.from({ length: MAX_AHEAD - 1 }, (_, i) => task(i + 1, sealed(i + 1)))
    expect(turns([...many, task(99, ready)], 100)).to.deep.equal([])
    expect(orders(turns([...many.slice(1), task(99, ready)], 100))).to.deep.equal([99])
  })

  it('never runs past a callback', () => {
    expect(turns([task(1, sealed(1, true)), task(2, ready)], 100)).to.deep.equal([])
    expect(orders(turns([task(1, sealed(1, true)), task(2, ready, 2)], 100)), 'another contract').to.deep.equal([2])
  })

  it('lets tasks of different contracts run side by side', () => {
    expect(orders(turns([task(1, ready, 1), task(2, ready, 2)], 100))).to.have.members([1, 2])
  })

  it('opens the window of seat k seven blocks after that of seat k - 1', () => {
    expect(turns([task(1, ready, 1, 1)], 106)).to.deep.equal([])
    expect(orders(turns([task(1, ready, 1, 1)], 107))).to.deep.equal([1])
    expect(turns([task(1, ready, 1, 2)], 113)).to.deep.equal([])
    expect(orders(turns([task(1, ready, 1, 2)], 114))).to.deep.equal([1])
  })

  it('waits a moment for an earlier task that is about to be accepted, but not for ever', () => {
    const tasks = [task(1, { stage: 'preparing' }), task(2, ready)]
    expect(turns(tasks, 100)).to.deep.equal([])
    expect(orders(turns(tasks, 102))).to.deep.equal([2])
  })

  it('is not held up by a record whose input never comes, nor by one whose window is closed', () => {
    expect(orders(turns([task(1, { stage: 'waiting-input' }), task(2, ready)], 100))).to.deep.equal([2])
    expect(orders(turns([task(1, ready, 1, 2), task(2, ready)], 100))).to.deep.equal([2])
  })
})
