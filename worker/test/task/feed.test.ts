import { expect } from 'chai'
import {
  MAX_DELTA_BYTES,
  ZERO_HASH,
  codeHashOf,
  codeOf,
  deltaHashOf,
  nextHead,
  utf8,
  type Hash,
  type StateTip
} from '@enigma/protocol'
import type { Enclave } from '../../src/enclave/enclave.ts'
import { WorkerError } from '../../src/errors.ts'
import { createEnclaveFeed, type EnclaveFeed } from '../../src/task/feed.ts'
import { MemoryChain, asScAddr, hashOf } from '../memory-chain.ts'

describe('task/feed', () => {
  const scAddr = asScAddr('contract')
  const code = utf8('bytecode')
  const codeHash = codeHashOf(code)
  const signal = new AbortController().signal
  let chain: MemoryChain
  let deltas: Uint8Array[]
  let tip: StateTip
  let calls: string[]
  let generation: number
  let failing: boolean
  let feed: EnclaveFeed

  beforeEach(() => {
    chain = new MemoryChain()
    chain.deploy(scAddr, codeHash)
    deltas = []
    tip = { hasKey: true, deltaCount: 0, headHash: ZERO_HASH }
    calls = []
    generation = 1
    failing = false
    const enclave = {
      get generation() {
        return generation
      },
      call(method: string, request: { deltas?: Uint8Array[] }) {
        if (failing) {
          const facts = { code: 'ENCLAVE_REFUSED', method, reason: 'ENCLAVE_FULL' } as const
          return Promise.reject(new WorkerError(facts, 'full'))
        }
        calls.push(method === 'applyDeltas' ? `apply ${request.deltas!.length}` : method)
        if (method === 'revertState') {
          const facts = { code: 'ENCLAVE_REFUSED', method, reason: 'ENCLAVE_POINT_UNKNOWN' } as const
          return Promise.reject(new WorkerError(facts, 'Nothing is held.'))
        }
        if (method === 'dropState') tip = { ...tip, deltaCount: 0, headHash: ZERO_HASH }
        if (method === 'applyDeltas') {
          for (const delta of request.deltas!) {
            const headHash: Hash = nextHead(tip.headHash, deltaHashOf(delta))
            tip = { ...tip, deltaCount: tip.deltaCount + 1, headHash }
          }
        }
        return Promise.resolve(method === 'loadCode' ? { codeHash } : tip)
      }
    } as unknown as Enclave
    feed = createEnclaveFeed(
      chain,
      enclave,
      { getBytecode: () => Promise.resolve(code) },
      {
        ensureBytecode: () => Promise.reject(new Error('not asked')),
        deltas: (_, from, to) => Promise.resolve(deltas.slice(from, to))
      }
    )
  })
  const grow = (count: number, bytes = 10): void => {
    for (let i = 0; i < count; i++) {
      const delta = new Uint8Array(bytes).fill(deltas.length)
      deltas.push(delta)
      chain.append(scAddr, deltaHashOf(delta))
    }
  }

  it('loads the code once per enclave process, and what is missing of the state', async () => {
    grow(3)
    await feed.bring(scAddr, codeHash, 2, signal)
    expect(tip.deltaCount).to.equal(2)
    await feed.bring(scAddr, codeHash, 3, signal)
    expect(calls).to.deep.equal(['loadCode', 'stateTip', 'apply 2', 'apply 1'])
    generation += 1
    tip = { ...tip, deltaCount: 0, headHash: ZERO_HASH }
    await feed.bring(scAddr, codeHash, 3, signal)
    expect(calls.slice(4)).to.deep.equal(['loadCode', 'stateTip', 'apply 3'])
  })

  it('asks where the state stands again when it was left half way', async () => {
    grow(3)
    await feed.bring(scAddr, codeHash, 1, signal)
    failing = true
    expect(await feed.bring(scAddr, codeHash, 3, signal).catch(codeOf)).to.equal('ENCLAVE_REFUSED')
    failing = false
    calls.splice(0)
    await feed.bring(scAddr, codeHash, 3, signal)
    expect(calls).to.deep.equal(['stateTip', 'apply 2'])
  })

  it('hands over at most 64 deltas, and never more than a frame holds', async () => {
    grow(70)
    await feed.bring(scAddr, codeHash, 70, signal)
    expect(calls).to.include.members(['apply 64', 'apply 6'])
    calls.splice(0)
    grow(3, MAX_DELTA_BYTES)
    await feed.bring(scAddr, codeHash, 73, signal)
    expect(calls.filter(call => call.startsWith('apply'))).to.deep.equal(['apply 1', 'apply 1', 'apply 1'])
  })

  it('drops a state that is not on the chain, if no point that the chain has is held, and starts anew', async () => {
    grow(2)
    tip = { hasKey: true, deltaCount: 1, headHash: hashOf('the other chain') }
    await feed.bring(scAddr, codeHash, 2, signal)
    expect(calls.slice(1, 4)).to.deep.equal(['stateTip', 'revertState', 'dropState'])
    expect(tip).to.include({ deltaCount: 2, headHash: chain.contract(scAddr)!.headHash })
  })

  it('does not turn the enclave back for a view that is older than its state', async () => {
    grow(2)
    await feed.bring(scAddr, codeHash, 2, signal)
    const failure = await feed.bring(scAddr, codeHash, 1, signal).catch((error: unknown) => error)
    expect(codeOf(failure)).to.equal('CHAIN_BEHIND')
    expect(calls).not.to.include('dropState')
  })

  it('hands each delta over once although two tasks of the contract ask at the same time', async () => {
    grow(5)
    await Promise.all([feed.bring(scAddr, codeHash, 5, signal), feed.bring(scAddr, codeHash, 5, signal)])
    expect(calls.filter(call => call.startsWith('apply'))).to.deep.equal(['apply 5'])
  })
})
