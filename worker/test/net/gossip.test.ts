import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running, makeNetwork, seesAll, until, type NodeOptions } from './network-kit.ts'
import { TcpProxy, freePort } from './tcp-proxy.ts'

interface Listener {
  readonly network: Libp2pNetwork
  readonly heard: Set<string>
}
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

describe('net/gossip', () => {
  const running = new Running()
  let chain: MemoryChain

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob']) chain.register(name)
  })
  afterEach(() => running.stop())

  async function make(name: string, options: NodeOptions = {}): Promise<Listener> {
    const network = await makeNetwork(chain, name, options)
    const heard = new Set<string>()
    network.judgeGossip(data => {
      heard.add(hex(data))
      return Promise.resolve('accept')
    })
    return { network, heard }
  }

  /** What is told now is heard. Told anew until it is: a stream needs a moment to be made. */
  async function reaches(from: Listener, to: Listener): Promise<void> {
    await until('heard', async () => {
      const news = randomBytes(64)
      await from.network.publish(news)
      await new Promise(resolve => setTimeout(resolve, 100))
      return to.heard.has(hex(news))
    })
  }

  for (const lost of [0, 1]) {
    it(`goes on when one of two connections to a peer ends (the ${lost === 0 ? 'first' : 'second'})`, async () => {
      const nodes = await Promise.all(
        ['alice', 'bob'].map(async name => {
          const [identity, port] = [await generateKeyPair('Ed25519'), await freePort()]
          const proxy = await running.start(new TcpProxy())
          proxy.target = port
          const address = `/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${peerIdFromPrivateKey(identity).toString()}`
          return { name, identity, proxy, address, listen: [`/ip4/127.0.0.1/tcp/${port}`] }
        })
      )
      const proxies = nodes.map(({ proxy }) => proxy)
      const pair = await Promise.all(
        nodes.map(({ name, identity, listen, address }, i) =>
          make(name, { identity, listen, announce: [address], bootstrap: [nodes[1 - i]!.address] })
        )
      )
      await Promise.all(pair.map(({ network }) => running.start(network))) // both dial at once
      const [alice, bob] = pair as [Listener, Listener]
      await until('both know each other', () => pair.every(({ network }) => seesAll(network, 1)()))
      await reaches(alice, bob)
      await reaches(bob, alice)
      expect(proxies.map(({ accepted }) => accepted)).to.deep.equal([1, 1])
      await proxies[lost]!.stop()
      await reaches(alice, bob)
      await reaches(bob, alice)
    })
  }

  it('goes on after a peer ended its stream because too much came at once', async () => {
    const alice = await make('alice')
    await running.start(alice.network)
    const bob = await make('bob', { bootstrap: alice.network.multiaddrs() })
    await running.start(bob.network)
    await until('connected', () => seesAll(alice.network, 1)() && seesAll(bob.network, 1)())
    await reaches(alice, bob)
    const before = bob.heard.size
    for (let i = 0; i < 320; i++) {
      await alice.network.publish(randomBytes(64 * 1024))
      await new Promise(resolve => setImmediate(resolve))
    }
    await until('some came', () => bob.heard.size > before)
    await reaches(alice, bob)
    await reaches(bob, alice)
  })
})
