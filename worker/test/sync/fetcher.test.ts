import { expect } from 'chai'
import type { ScAddr } from '@enigma/protocol'
import { Fetcher, type FetcherInit } from '../../src/sync/fetcher.ts'
import { Need } from '../../src/sync/needs.ts'
import { asScAddr } from '../memory-chain.ts'
import { quiet } from '../net/network-kit.ts'

describe('sync/fetcher', () => {
  it('looks up holders of every contract in the end, however many are before it that nobody has', async () => {
    const contracts = Array.from({ length: 20 }, (_, i) => asScAddr(`contract ${i}`))
    const lookedUp = new Set<ScAddr>()
    const network: FetcherInit['network'] = {
      peers: () => [],
      onPeer: () => () => undefined,
      penalise: () => undefined,
      line: () => Promise.reject(new Error('nobody is connected')),
      // eslint-disable-next-line require-yield
      async *providers(scAddr) {
        lookedUp.add(scAddr)
        await Promise.resolve()
      }
    }
    const unused = {} as unknown as Pick<FetcherInit, 'chain' | 'store'>
    const fetcher = new Fetcher({ ...unused, network, log: quiet })
    const needs = contracts.map(scAddr => Need.deltas(scAddr, 0, 1))
    for (let round = 0; round < 50; round++) await fetcher.fetch(needs, { signal: AbortSignal.timeout(1_000) })
    expect(lookedUp.size).to.equal(contracts.length) // the odds of missing one are one in 10^10
  })
})
