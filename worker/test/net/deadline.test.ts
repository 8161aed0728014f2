import { expect } from 'chai'
import { sleep, stallLimit } from '../../src/net/deadline.ts'

describe('net/deadline', () => {
  it('ends what stands still, however long it has moved before', async () => {
    const limit = stallLimit(2_000)
    const began = Date.now()
    while (Date.now() - began < 2_500) {
      await sleep(10)
      limit.moved()
    }
    expect(limit.signal.aborted, 'it moved all the time').to.equal(false)
    await new Promise(resolve => limit.signal.addEventListener('abort', resolve))
    expect((limit.signal.reason as Error).name).to.equal('TimeoutError')
  })

  it('lets go of its timer when it is stopped', async () => {
    const limit = stallLimit(1)
    limit.stop()
    await sleep(30)
    expect(limit.signal.aborted).to.equal(false)
  })
})
