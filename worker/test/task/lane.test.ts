import { expect } from 'chai'
import { ZERO_HASH, nextHead, type Hash, type Hex, type ScAddr, type TaskId } from '@enigma/protocol'
import { orderFrom, overtaken, type Unsettled } from '../../src/task/lane.ts'
import { hashOf } from '../memory-chain.ts'

const H0 = hashOf('head 0')

/** A run of task `order` on `prevHead`; without a delta it leaves the head as it was. */
const run = (order: number, prevHead: Hash, delta: string | null = `delta ${order}`): Unsettled => ({
  facts: {
    taskId: hashOf(`task ${order}`) as Hex as TaskId,
    scAddr: hashOf('contract') as Hex as ScAddr,
    inputHash: hashOf(`input ${order}`),
    epoch: 1,
    recordBlock: 100,
    order,
    seat: 0,
    refundDelay: 0
  },
  state: {
    stage: 'sealed',
    accepted: { recordBlock: 100, signature: '0x00' },
    runs: 1,
    run: {
      digest: hashOf(`receipt ${order}`),
      prevHead,
      deltaHash: delta === null ? ZERO_HASH : hashOf(delta),
      callback: false
    }
  }
})
const after = (head: Hash, order: number): Hash => nextHead(head, hashOf(`delta ${order}`))
const orders = (tasks: readonly Unsettled[]): number[] => tasks.map(task => task.facts.order)

describe('task/lane', () => {
  const H1 = after(H0, 1)
  const H2 = after(H1, 3)

  it('puts runs in the order in which they build on each other, not in that of their records', () => {
    expect(orders(orderFrom(H0, [run(3, H1), run(1, H0), run(2, H2)]))).to.deep.equal([1, 3, 2])
  })

  it('has a run that changed nothing committed before the one that moves its head', () => {
    expect(orders(orderFrom(H0, [run(1, H0), run(5, H0, null), run(4, H1, null)]))).to.deep.equal([5, 1, 4])
  })

  it('leaves out what does not follow from the head, and what follows from that', () => {
    const lost = [run(7, hashOf('another head')), run(8, after(hashOf('another head'), 7))]
    expect(orders(orderFrom(H0, [run(1, H0), ...lost]))).to.deep.equal([1])
    expect(orders(overtaken(H0, [run(1, H0), ...lost]))).to.deep.equal([7, 8])
  })

  it('takes one of two runs that move the same head', () => {
    expect(orders(orderFrom(H0, [run(2, H0), run(1, H0)]))).to.deep.equal([1])
    expect(orders(overtaken(H0, [run(2, H0), run(1, H0)]))).to.deep.equal([2])
  })

  it('calls nothing overtaken whose turn has only come nearer', () => {
    expect(overtaken(H1, [run(3, H1), run(2, H2)])).to.deep.equal([])
  })
})
