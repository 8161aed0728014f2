import { expect } from 'chai'
import { requireSeat } from '@enigma/protocol'
import { nextCallBlock, seedFor } from '../../src/roles/epoch-setter.ts'
import type { Enclave } from '../../src/enclave/enclave.ts'
import { WorkerError } from '../../src/errors.ts'
import { oldestKeptEpoch } from '../../src/roles/epoch-keys.ts'
import { graceOverOf, seatClaims } from '../../src/roles/principal-service.ts'
import { MemoryChain, addressOf, asScAddr } from '../memory-chain.ts'

describe('roles/epoch-setter', () => {
  const state = { epoch: 0, epochSize: 60, loggedIn: 3, minWorkers: 3 }

  it('makes call 0 as soon as enough workers are logged in, and call 1 two blocks later', () => {
    expect(nextCallBlock({ next: 0, lastBlock: 0 }, { ...state, loggedIn: 2 })).to.equal(null)
    expect(nextCallBlock({ next: 0, lastBlock: 0 }, state)).to.equal(0)
    expect(nextCallBlock({ next: 1, lastBlock: 100 }, state)).to.equal(102)
  })

  it('goes on every epochSize blocks, even when workers have left', () => {
    expect(nextCallBlock({ next: 2, lastBlock: 102 }, { ...state, epoch: 1, loggedIn: 0 })).to.equal(162)
  })
})

describe('roles/epoch-setter, of a standby that takes over', () => {
  /** An enclave that was given the root when seed `highest` was out, at generation 0: seeds come one after the other. */
  const enclaveAt = (highest: number) => {
    const calls: string[] = []
    let generation = 0
    const call = (method: string, { d }: { d: number }): Promise<object> => {
      calls.push(method)
      if (method === 'rotateGeneration') return Promise.resolve({ generation: ++generation })
      if (d > highest + 1) {
        const facts = { code: 'ENCLAVE_REFUSED', method, reason: 'ENCLAVE_SEED_ORDER' } as const
        return Promise.reject(new WorkerError(facts, 'too early'))
      }
      highest = Math.max(highest, d)
      return Promise.resolve({ seed: `seed ${d}`, generation })
    }
    return { calls, enclave: { call } as unknown as Pick<Enclave, 'call'> }
  }

  it('takes one call of a primary', async () => {
    const { calls, enclave } = enclaveAt(6)
    expect(await seedFor(enclave, 7, 0)).to.deep.include({ seed: 'seed 7' })
    expect(calls).to.have.length(1)
  })

  it('catches up with every seed and generation that was given without it', async () => {
    for (const [highest, d] of [
      [-1, 0],
      [-1, 9],
      [3, 40],
      [990, 1_000]
    ] as const) {
      const { calls, enclave } = enclaveAt(highest)
      const found = await seedFor(enclave, d, 2)
      expect(found, `${highest} -> ${d}`).to.deep.include({ seed: `seed ${d}`, generation: 2 })
      expect(calls.length).to.be.lessThan(d - highest + 2 * Math.log2(d + 2) + 6)
    }
  })
})

describe('roles/principal-service', () => {
  const scAddr = asScAddr('contract')
  const alice = addressOf('alice enclave')
  let chain: MemoryChain

  beforeEach(() => {
    chain = new MemoryChain()
    chain.register('alice')
    chain.register('bob')
    chain.startEpoch(['alice'])
  })

  it('claims the lowest seat of the asker, with a proof that stands', () => {
    const [claim] = seatClaims(chain, alice, [scAddr], chain.head().number)
    expect(claim).to.include({ k: 0, scAddr, graceOver: chain.head().number })
    requireSeat(claim!.epoch, scAddr, claim!.k, claim!.proof)
  })

  it('claims nothing for a worker without a seat', () => {
    expect(seatClaims(chain, addressOf('bob enclave'), [scAddr], chain.head().number)).to.deep.equal([])
  })

  it('keeps claiming an epoch for as long as its keys are granted, and no longer', () => {
    const { startBlock } = chain.startEpoch(['bob'])
    const last = startBlock + 30 + 21 + 1
    expect(graceOverOf(chain, 1, startBlock)).to.equal(last)
    expect(seatClaims(chain, alice, [scAddr], last).map(claim => claim.epoch.epoch)).to.deep.equal([1])
    expect(seatClaims(chain, alice, [scAddr], last + 1)).to.deep.equal([])
  })

  it('does not claim an epoch that has not begun in the block of the view', () => {
    const before = chain.head().number
    chain.startEpoch(['alice'])
    expect(seatClaims(chain, alice, [scAddr], before).map(claim => claim.epoch.epoch)).to.deep.equal([1])
  })
})

describe('roles/epoch-keys', () => {
  it('keeps the keys of an epoch until its end + GRACE + G*W + CONF', () => {
    const chain = new MemoryChain()
    chain.register('alice')
    expect(oldestKeptEpoch(chain)).to.equal(0)
    chain.startEpoch()
    expect(oldestKeptEpoch(chain)).to.equal(1)
    const { startBlock } = chain.startEpoch()
    chain.mine(startBlock + 30 + 21 + 1 - chain.head().number)
    expect(oldestKeptEpoch(chain)).to.equal(1)
    chain.mine()
    expect(oldestKeptEpoch(chain)).to.equal(2)
  })
})
