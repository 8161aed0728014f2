import { expect } from 'chai'
import { codeHashOf, utf8, type ScAddr } from '@enigma/protocol'
import { Announcer } from '../../src/sync/announcer.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { MemoryChain, addressOf, asScAddr } from '../memory-chain.ts'
import { Running, makeNetwork, quiet, until } from '../net/network-kit.ts'

describe('sync/announcer', () => {
  const running = new Running()
  let chain: MemoryChain

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol']) chain.register(name)
  })
  afterEach(() => running.stop())

  async function found(network: Libp2pNetwork, scAddr: ScAddr): Promise<boolean> {
    for await (const { peerId } of network.providers(scAddr, AbortSignal.timeout(3_000))) if (peerId) return true
    return false
  }

  it('waits for somebody to tell, then tells of every contract that is still on chain, each once', async () => {
    const contracts = ['a', 'b', 'c'].map(asScAddr)
    for (const scAddr of contracts) chain.deploy(scAddr, codeHashOf(utf8('code')))
    const alice = await running.start(await makeNetwork(chain, 'alice'))
    const told: string[] = []
    const onProgress = (announced: number, held: number): void => void told.push(`${announced} of ${held}`)
    const signer = addressOf('alice enclave')
    const announcer = new Announcer({ network: alice, signer, chain, log: quiet, onProgress, paceMs: 10, retryMs: 100 })
    await running.start({
      start: () => Promise.resolve(announcer.start()),
      stop: () => announcer.stop()
    })
    for (const scAddr of [...contracts, asScAddr('never deployed')]) announcer.add(scAddr)
    await new Promise(resolve => setTimeout(resolve, 400))
    expect([announcer.announced, told]).to.deep.equal([0, []])

    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: alice.multiaddrs() }))
    await until('announced', () => announcer.announced === 3)
    await until('one was never deployed', () => told.at(-1) === '3 of 3')
    for (const scAddr of contracts) expect(await found(bob, scAddr)).to.equal(true)
    expect(await found(bob, asScAddr('never deployed'))).to.equal(false)
    announcer.add(contracts[0]!)
    expect(announcer.held).to.equal(3)

    const carol = await running.start(
      await makeNetwork(chain, 'carol', { bootstrap: bob.multiaddrs(), limits: { wantedPeers: 1 } })
    )
    await until('carol sees bob', () => carol.peers().length > 0)
    const meet = (): ReturnType<Libp2pNetwork['meet']> => carol.meet(signer, AbortSignal.timeout(5_000))
    expect(await until('met', meet)).to.include({ peerId: alice.peerId, signer }) // once the DHT's table has taken bob
    expect(await carol.meet(addressOf('nobody'), AbortSignal.timeout(5_000))).to.equal(null)
  })
})
