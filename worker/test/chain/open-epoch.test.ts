import { expect } from 'chai'
import { requireOpenEpoch } from '../../src/chain/open-epoch.ts'
import type { ChainReader } from '../../src/chain/reader.ts'
import type { WorkerError } from '../../src/errors.ts'

const GRACE = 10
const START = 100

describe('chain/open-epoch', () => {
  const chainAt = (head: number, epoch: number | null = 7): Parameters<typeof requireOpenEpoch>[0] => ({
    facts: { grace: GRACE } as ChainReader['facts'],
    head: () => ({ number: head }) as ReturnType<ChainReader['head']>,
    currentEpoch: () =>
      epoch === null ? null : ({ epoch, startBlock: START } as ReturnType<ChainReader['currentEpoch']>)
  })
  const refusal = (epoch: number, chain: ReturnType<typeof chainAt>): WorkerError | null => {
    try {
      requireOpenEpoch(chain, epoch)
      return null
    } catch (error) {
      return error as WorkerError
    }
  }

  it('takes the current epoch, and the one before as long as the next block is within its grace', () => {
    expect(refusal(7, chainAt(START + 1_000))).to.equal(null)
    expect(refusal(6, chainAt(START))).to.equal(null)
    expect(refusal(6, chainAt(START + GRACE - 1)), 'recorded in the last block of the grace').to.equal(null)
    expect(refusal(6, chainAt(START + GRACE))?.code, 'the next block is behind the grace').to.equal('EPOCH_STALE')
    expect(refusal(5, chainAt(START))?.code).to.equal('EPOCH_STALE')
    for (const epoch of [0, -1]) expect(refusal(epoch, chainAt(START, 1))?.code).to.equal('EPOCH_STALE')
  })

  it('says of an epoch that it has not seen begin that the worker is behind, not the client', () => {
    expect(refusal(5, chainAt(START))?.hint).to.contain('encrypt the input anew')
    expect(refusal(8, chainAt(START))?.hint).to.contain('ask another worker')
    expect(refusal(1, chainAt(START, null))?.message).to.contain('none is')
    expect(refusal(0, chainAt(START, null))?.code).to.equal('EPOCH_STALE')
  })
})
