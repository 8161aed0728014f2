import { expect } from 'chai'
import {
  MAX_VIEW_CONTRACTS,
  codeOf,
  MAX_VIEW_TASKS,
  type ContractQuery,
  type ScAddr,
  type TaskId
} from '@enigma/protocol'
import { viewAt } from '../../src/chain/chain-view.ts'
import { shareViews } from '../../src/task/view-sharing.ts'
import type { ChainViews } from '../../src/task/views.ts'
import { WorkerError } from '../../src/errors.ts'
import { MemoryChain, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

describe('task/view-sharing', () => {
  const signal = new AbortController().signal
  let chain: MemoryChain
  let asked: (readonly ContractQuery[])[]
  let generation: number
  let fails: boolean
  let views: ChainViews
  let foreseen: { scAddr: ScAddr; taskId: TaskId }[]
  const query = (name: string): ContractQuery => ({ scAddr: asScAddr(name), taskIds: [asTaskId(`task of ${name}`)] })
  const open = (name: string) => views.open([query(name)], chain.head().number, signal)

  beforeEach(() => {
    chain = new MemoryChain()
    asked = []
    generation = 1
    fails = false
    foreseen = []
    const enclave = {
      get generation() {
        return generation
      }
    }
    views = shareViews(
      chain,
      enclave,
      {
        async open(contracts) {
          asked.push(contracts)
          const nonce = hashOf(`nonce ${asked.length}`)
          const view = viewAt(chain, nonce, chain.head(), contracts)
          await new Promise(wake => setTimeout(wake, 5))
          if (fails) throw new WorkerError({ code: 'VIEW_MISMATCH', block: 1 }, 'differs')
          return { nonce, view }
        }
      },
      () => foreseen
    )
  })

  it('asks for many tasks of one block in few requests, and gives each a view of its own contract', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `c${i}`)
    const found = await Promise.all(names.map(open))
    expect(asked.length).to.be.at.most(3)
    for (const [i, { view }] of found.entries()) {
      expect(view.contracts.map(one => one.scAddr)).to.include(asScAddr(names[i]!))
    }
  })

  it('never asks for more contracts than a request can hold', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, i) => open(`c${i}`)))
    expect(Math.max(...asked.map(one => one.length))).to.be.at.most(MAX_VIEW_CONTRACTS)
    expect(new Set(asked.flat().map(one => one.scAddr)).size).to.equal(100)
  })

  it('joins the tasks of one contract', async () => {
    const both = ['x', 'y'].map(task => ({ scAddr: asScAddr('c'), taskIds: [asTaskId(task)] }))
    await Promise.all(both.map(one => views.open([one], 1, signal)))
    expect(asked.flat().map(({ scAddr }) => scAddr)).to.deep.equal([asScAddr('c')])
    expect(asked[0]![0]!.taskIds).to.have.members([asTaskId('x'), asTaskId('y')])
  })

  it('takes tasks along that will need a view in this block, and answers them without another request', async () => {
    foreseen = ['a', 'b', 'c'].map(name => ({ scAddr: asScAddr(name), taskId: asTaskId(`task of ${name}`) }))
    const first = await open('a')
    expect(await open('b')).to.equal(first)
    expect(await open('c')).to.equal(first)
    expect(asked).to.have.length(1)
    chain.mine()
    expect(await open('b')).not.to.equal(first)
  })

  it('answers runs of one contract that follow each other by one view', async () => {
    const scAddr = asScAddr('a')
    const taskIds = Array.from({ length: 40 }, (_, i) => asTaskId(`task ${i}`))
    foreseen = taskIds.map(taskId => ({ scAddr, taskId }))
    for (let n = 0; n < 40; n++) await views.open([{ scAddr, taskIds: taskIds.slice(0, n + 1).reverse() }], 1, signal)
    expect(asked).to.have.length(1)
  })

  it('asks for no more than a request can hold, however much is foreseen', async () => {
    foreseen = Array.from({ length: 5_000 }, (_, i) => ({ scAddr: asScAddr(`c${i % 40}`), taskId: asTaskId(`t${i}`) }))
    await open('a')
    expect(asked[0]!.length).to.be.at.most(MAX_VIEW_CONTRACTS)
    foreseen = Array.from({ length: 500 }, (_, i) => ({ scAddr: asScAddr('a'), taskId: asTaskId(`t${i}`) }))
    chain.mine()
    await open('a')
    expect(asked[1]!.flatMap(one => one.taskIds))
      .to.have.length(MAX_VIEW_TASKS)
      .and.include(asTaskId('task of a'))
  })

  it('uses a view again in its own block, never in another, nor with another enclave', async () => {
    const first = await open('a')
    expect(await open('a')).to.equal(first)
    expect(await views.open([{ ...query('a'), taskIds: [asTaskId('another')] }], 1, signal)).not.to.equal(first)
    generation += 1
    expect(await open('a')).not.to.equal(first)
    const second = await open('a')
    chain.mine()
    expect(await open('a')).not.to.equal(second)
  })

  it('fails all who asked together, and keeps nothing of it', async () => {
    fails = true
    const codes = await Promise.all(['a', 'b'].map(name => open(name).then(() => 'taken', codeOf)))
    expect(codes).to.deep.equal(['VIEW_MISMATCH', 'VIEW_MISMATCH'])
    fails = false
    expect((await open('a')).view.block).to.equal(chain.head().number)
  })
})
