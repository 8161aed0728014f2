import { expect } from 'chai'
import { deadlineIn } from '../../src/ops/deadline.ts'

describe('ops/deadline', () => {
  const HOUR_MS = 3_600_000
  const aborted = (signal: AbortSignal): Promise<unknown> =>
    new Promise(resolve => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }))
  const keepAlive = setInterval(() => undefined, 1_000)
  after(() => clearInterval(keepAlive))

  it('aborts when its time is over, as AbortSignal.timeout does', async () => {
    const reasons = await Promise.all([deadlineIn(5).signal, AbortSignal.timeout(5)].map(aborted))
    expect(reasons.map(reason => (reason as Error).name)).to.deep.equal(['TimeoutError', 'TimeoutError'])
  })

  it('aborts with the outer signal and its reason, also with one that is aborted already', async () => {
    const outer = new AbortController()
    const { signal } = deadlineIn(HOUR_MS, outer.signal)
    const reason = aborted(signal)
    outer.abort(new Error('called off'))
    expect(await reason).to.equal(outer.signal.reason)
    expect(deadlineIn(HOUR_MS, outer.signal).signal.reason).to.equal(outer.signal.reason)
  })

  it('never aborts once it is let go', async () => {
    const outer = new AbortController()
    const held = [deadlineIn(5), deadlineIn(HOUR_MS, outer.signal)]
    for (const { clear } of held) clear()
    await aborted(AbortSignal.timeout(20))
    outer.abort()
    expect(held.map(({ signal }) => signal.aborted)).to.deep.equal([false, false])
  })
})
