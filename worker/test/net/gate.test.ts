import { expect } from 'chai'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { multiaddr } from '@multiformats/multiaddr'
import { PeerProtocol, peerRequest, signDigest } from '@enigma/protocol'
import { askOn } from '../../src/net/frames.ts'
import { makeHello } from '../../src/net/hello.ts'
import { DEFAULT_LIMITS } from '../../src/net/limits.ts'
import { createNode, type Node } from '../../src/net/node.ts'
import { KAD_PROTOCOL, contentIdOf, provide } from '../../src/net/routing.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { MemoryChain, addressOf, asScAddr, keyOf } from '../memory-chain.ts'
import { LOOPBACK, Running, makeNetwork, seesAll, until } from './network-kit.ts'

const C = asScAddr('contract')
/** Campaigns take more: ENIGMA_SYBILS=200. */
const SYBILS = Number(process.env['ENIGMA_SYBILS'] ?? 12)

describe('net, the DHT behind its gate', () => {
  const running = new Running()
  let chain: MemoryChain
  let alice: Libp2pNetwork
  let bob: Libp2pNetwork

  beforeEach(async () => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol', 'mallory']) chain.register(name)
    alice = await running.start(await makeNetwork(chain, 'alice'))
    bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: alice.multiaddrs() }))
    await until('connected', () => seesAll(alice, 1)() && seesAll(bob, 1)())
  })
  afterEach(() => running.stop())

  /** A node that speaks the DHT's protocol to whoever listens, and says hello only if it is told to. */
  async function outsider(): Promise<Node> {
    const node = await createNode({
      identity: await generateKeyPair('Ed25519'),
      listen: LOOPBACK,
      announce: [],
      limits: DEFAULT_LIMITS,
      isBanned: () => false,
      routing: kadDHT({
        protocol: KAD_PROTOCOL,
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        allowQueryWithZeroPeers: true,
        networkDialTimeout: { maxTimeout: 500 }
      }),
      gossip: gossipsub()
    })
    await running.start({ start: () => node.start() as Promise<void>, stop: () => node.stop() as Promise<void> })
    return node
  }

  async function sayHello(node: Node, to: Libp2pNetwork, name: string): Promise<void> {
    const self = {
      domain: chain.facts,
      role: 'worker' as const,
      operator: addressOf(name),
      signer: () => addressOf(`${name} enclave`),
      sign: (digest: Parameters<typeof signDigest>[0]) => signDigest(digest, keyOf(name))
    }
    const hello = makeHello(self, node.peerId.toString(), node.getMultiaddrs().map(String))
    const connection = await node.dial(to.multiaddrs().map(address => multiaddr(address)))
    const stream = await connection.newStream(PeerProtocol.hello)
    const request = peerRequest.encode({ method: 0, payload: hello })
    await askOn(stream, request, 4096, AbortSignal.timeout(2_000))
  }

  async function found(by: Libp2pNetwork): Promise<string[]> {
    const ids: string[] = []
    for await (const { peerId } of by.providers(C, AbortSignal.timeout(5_000))) ids.push(peerId)
    return ids
  }

  it('takes no record of a peer that is not on chain, and tells nobody of it', async () => {
    const node = await outsider()
    await sayHello(node, alice, 'stranger')
    const taken = provide(node.services.dht, C, AbortSignal.timeout(3_000)).catch(() => 0)
    await bob.provide(C, AbortSignal.timeout(5_000))
    await taken
    await until('alice knows bob', async () => (await found(alice)).includes(bob.peerId))
    expect(await found(alice)).not.to.include(node.peerId.toString())
    expect(await found(bob)).not.to.include(node.peerId.toString())
  })

  it('keeps provider records of verified peers, and no value of anyone', async () => {
    const node = await outsider()
    await sayHello(node, alice, 'mallory')
    await until('verified', seesAll(alice, 2))
    await until('told', async () => (await provide(node.services.dht, C, AbortSignal.timeout(3_000))) > 0)
    await until('alice knows', async () => (await found(alice)).includes(node.peerId.toString()))

    const key = new TextEncoder().encode('/pk/anything')
    const answers: string[] = []
    for await (const event of node.services.dht.put(key, new Uint8Array(64), { signal: AbortSignal.timeout(3_000) })) {
      answers.push(event.name === 'PEER_RESPONSE' ? `answer to ${event.messageName}` : event.name)
    }
    expect(answers).to.include('answer to FIND_NODE')
    expect(answers).not.to.include('answer to PUT_VALUE')
  })

  it(`finds the right holder among ${SYBILS} peers that stand near the key and are on no chain`, async () => {
    const carol = await running.start(await makeNetwork(chain, 'carol', { bootstrap: alice.multiaddrs() }))
    await until('carol is known', seesAll(alice, 2))
    let helloes = 0
    for (let i = 0; i < SYBILS; i++) {
      const node = await outsider()
      // One host may open only so many connections a second: whoever is refused tries again.
      const said = (): Promise<boolean> => sayHello(node, alice, `sybil ${i}`).then(() => true, () => false) // prettier-ignore
      if (await until(`sybil ${i} says hello`, said, 20_000)) helloes += 1
      // It claims the contract to everybody it can reach.
      void provide(node.services.dht, C, AbortSignal.timeout(5_000)).catch(() => 0)
    }
    expect(helloes).to.equal(SYBILS)
    await until('told', async () => (await carol.provide(C, AbortSignal.timeout(5_000))) > 0)
    let right = 0
    for (let i = 0; i < 20; i++) {
      const holders = await found(bob)
      if (holders.includes(carol.peerId)) right += 1
      expect(holders.filter(id => id !== carol.peerId)).to.deep.equal([])
    }
    expect(right).to.be.at.least(19)
  }).timeout(20_000 + SYBILS * 3_000)

  it('names a contract by the SHA-256 of its address', () => {
    expect(contentIdOf(C).multihash.code).to.equal(0x12)
    expect(contentIdOf(C).equals(contentIdOf(asScAddr('other')))).to.equal(false)
  })
})
