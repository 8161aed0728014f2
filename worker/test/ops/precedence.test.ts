import { expect } from 'chai'
import { Precedence } from '../../src/ops/precedence.ts'

describe('ops/precedence', () => {
  const LONG_MS = 60_000
  const turn = (): Promise<void> => new Promise(setImmediate)
  let left: number
  let precedence: Precedence
  const waiting = (limitMs: number, signal?: AbortSignal): { done: boolean } => {
    const state = { done: false }
    void precedence.giveWay(limitMs, signal).then(() => (state.done = true))
    return state
  }
  beforeEach(() => {
    left = 0
    precedence = new Precedence()
    precedence.pressing = () => left
  })

  it('keeps nobody while nothing is pressing', async () => {
    const one = waiting(LONG_MS)
    await turn()
    expect(one.done).to.equal(true)
  })

  it('lets all go that wait as soon as nothing is pressing any more, and not before', async () => {
    left = 2
    const all = [waiting(LONG_MS), waiting(LONG_MS)]
    for (; left > 0; left--, precedence.mayHaveEased()) {
      await turn()
      expect(all.map(({ done }) => done)).to.deep.equal([false, false])
    }
    await turn()
    expect(all.map(({ done }) => done)).to.deep.equal([true, true])
  })

  it('lets go at the limit although something is pressing all the time, and at once when it is called off', async () => {
    left = 1
    await precedence.giveWay(5)
    const stop = new AbortController()
    const one = waiting(LONG_MS, stop.signal)
    await turn()
    expect(one.done).to.equal(false)
    stop.abort()
    await turn()
    expect(one.done).to.equal(true)
    await precedence.giveWay(LONG_MS, stop.signal)
  })
})
