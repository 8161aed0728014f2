import { expect } from 'chai'
import { firstReading } from '../../src/chain/first-reading.ts'
import { WorkerError, type WorkerFailure } from '../../src/errors.ts'
import { quiet } from '../net/network-kit.ts'

describe('chain/first-reading', () => {
  const timeout: WorkerFailure = { code: 'CHAIN_TIMEOUT', method: 'eth_getBlockByNumber', limitMs: 5_000 }
  const other: WorkerFailure = { code: 'WORKER_OTHER_NETWORK', expected: 'a', found: 'b' }

  it('goes on when an endpoint was busy for a while', async () => {
    let asked = 0
    const advance = (): Promise<void> =>
      ++asked < 3 ? Promise.reject(new WorkerError(timeout, 'Not within 5 s.')) : Promise.resolve()
    await firstReading(advance, quiet, 1)
    expect(asked).to.equal(3)
  })

  it('does not wait for what will not pass', async () => {
    let asked = 0
    const failure = new WorkerError(other, 'Another network.')
    const outcome = await firstReading(() => (asked++, Promise.reject(failure)), quiet, 1).catch(
      (error: unknown) => error
    )
    expect(outcome).to.equal(failure)
    expect(asked).to.equal(1)
  })
})
