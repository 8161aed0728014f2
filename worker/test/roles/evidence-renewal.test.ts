import { expect } from 'chai'
import { TEE_SIM, asciiBytes32, makeSimEvidence, reportDataOf, type Attested } from '@enigma/protocol'
import { createLogger } from '../../src/ops/log.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import { renewalTime, startEvidenceRenewal } from '../../src/roles/evidence-renewal.ts'
import { MemoryChain, hashOf } from '../memory-chain.ts'

const YEAR = 365 * 24 * 3600

describe('roles/evidence-renewal', () => {
  const measurement = hashOf('enclave code')
  const board = createStatusBoard()
  let chain: MemoryChain
  let attested: Attested | null
  let renewals: number
  let fails: boolean
  let stop: () => void

  const issued = (issuedAt: number): Attested => {
    const { report } = chain.register('alice').attested
    const evidence = makeSimEvidence({
      tee: TEE_SIM,
      measurement,
      svn: 1,
      debug: true,
      isolation: asciiBytes32('bubblewrap'),
      issuedAt,
      expiry: issuedAt + YEAR,
      reportData: reportDataOf(report)
    })
    return { report, evidence }
  }
  const passed = (): Promise<void> => new Promise(done => setTimeout(done, 5))
  const mine = async (blocks = 1): Promise<void> => {
    chain.mine(blocks)
    await passed()
  }

  beforeEach(() => {
    chain = new MemoryChain()
    attested = null
    renewals = 0
    fails = false
    stop = startEvidenceRenewal(
      {
        chain,
        registered: () => attested,
        renew() {
          renewals += 1
          return fails ? Promise.reject(new Error('no gas')) : Promise.resolve()
        },
        board,
        log: createLogger({ write: () => undefined })
      },
      measurement
    )
  })
  afterEach(() => stop())

  it('renews when four fifths of its life are over by the chain, not before', async () => {
    attested = issued(Math.round(chain.head().time - 0.8 * YEAR + 20))
    expect(renewalTime(attested, measurement)).to.be.greaterThan(chain.head().time)
    await mine()
    expect(renewals).to.equal(0)
    await mine(40)
    expect(renewals).to.equal(1)
  })

  it('waits for the first half of an epoch, so that the next draw finds the worker again', async () => {
    const old = issued(chain.head().time - YEAR)
    chain.startEpoch()
    await mine(chain.facts.epochSize / 2)
    attested = old
    await mine()
    expect(renewals).to.equal(0)
    chain.startEpoch()
    await mine()
    expect(renewals).to.be.greaterThan(0)
  })

  it('renews once in an epoch, even if what it gets is old already because the clock of its machine is behind', async () => {
    chain.startEpoch()
    attested = issued(chain.head().time - YEAR)
    for (let block = 0; block < 5; block++) await mine()
    expect(renewals).to.equal(1)
    chain.startEpoch()
    await mine()
    expect(renewals).to.equal(2)
  })

  it('tries again, with an alarm, when renewing fails', async () => {
    attested = issued(chain.head().time - YEAR)
    fails = true
    await passed()
    await mine()
    await mine()
    expect(renewals).to.equal(2)
    expect(JSON.stringify(board.snapshot())).to.include('EVIDENCE_NOT_RENEWED')
  })
})
