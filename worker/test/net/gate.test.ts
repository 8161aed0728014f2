import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { PeerProtocol, peerRequest, signDigest, type ScAddr } from '@enigma/protocol'
import { askOn } from '../../src/net/frames.ts'
import { makeHello } from '../../src/net/hello.ts'
import { DEFAULT_LIMITS } from '../../src/net/limits.ts'
import { createNode, type Node } from '../../src/net/node.ts'
import { KAD_PROTOCOL, contentIdOf, provide } from '../../src/net/routing.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { MemoryChain, addressOf, asScAddr, keyOf } from '../memory-chain.ts'
import { LOOPBACK, Running, makeNetwork, seesAll, until } from './network-kit.ts'

const C = asScAddr('contract')
/** The fault matrix takes more: ENIGMA_SYBILS=200, and each case with ENIGMA_STRANGERS=20 strangers after one another. */
const SYBILS = Number(process.env['ENIGMA_SYBILS'] ?? 12)
const STRANGERS = Number(process.env['ENIGMA_STRANGERS'] ?? 1)
const LOOK_UPS = 20

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

  /** Says hello to alice. One host may open only so many connections a second: whoever is refused tries again. */
  async function greet(node: Node, name: string): Promise<void> {
    const said = (): Promise<boolean> => sayHello(node, alice, name).then(() => true, () => false) // prettier-ignore
    await until(`${name} says hello`, said, 20_000)
  }

  async function found(by: Libp2pNetwork, scAddr = C): Promise<string[]> {
    const ids: string[] = []
    for await (const { peerId } of by.providers(scAddr, AbortSignal.timeout(5_000))) ids.push(peerId)
    return ids
  }

  it('takes no record of a peer that is not on chain, and tells nobody of it', async () => {
    for (let i = 0; i < STRANGERS; i++) {
      const node = await outsider()
      await greet(node, `stranger ${i}`)
      const taken = provide(node.services.dht, C, AbortSignal.timeout(3_000)).catch(() => 0)
      await bob.provide(C, AbortSignal.timeout(5_000))
      await taken
      await until('alice knows bob', async () => (await found(alice)).includes(bob.peerId))
      expect(await found(alice)).not.to.include(node.peerId.toString())
      expect(await found(bob)).not.to.include(node.peerId.toString())
    }
  }).timeout(10_000 * STRANGERS)

  it('keeps provider records of verified peers, and no value of anyone', async () => {
    const node = await outsider()
    await sayHello(node, alice, 'mallory')
    await until('verified', seesAll(alice, 2))
    await until('told', async () => (await provide(node.services.dht, C, AbortSignal.timeout(3_000))) > 0)
    await until('alice knows', async () => (await found(alice)).includes(node.peerId.toString()))

    for (let i = 0; i < STRANGERS; i++) {
      const key = new TextEncoder().encode(`/pk/anything ${i}`)
      const answers: string[] = []
      const signal = AbortSignal.timeout(3_000)
      for await (const event of node.services.dht.put(key, new Uint8Array(64), { signal })) {
        answers.push(event.name === 'PEER_RESPONSE' ? `answer to ${event.messageName}` : event.name)
      }
      expect(answers).to.include('answer to FIND_NODE')
      expect(answers).not.to.include('answer to PUT_VALUE')
    }
  }).timeout(5_000 + 3_000 * STRANGERS)

  it(`finds the right holder of ${LOOK_UPS} contracts, among ${SYBILS} peers that stand near each and are on no chain`, async () => {
    const carol = await running.start(await makeNetwork(chain, 'carol', { bootstrap: alice.multiaddrs() }))
    await until('carol is known', seesAll(alice, 2))
    const sybils: Node[] = []
    for (let i = 0; i < SYBILS; i++) {
      const node = await outsider()
      await greet(node, `sybil ${i}`)
      sybils.push(node)
    }
    const honest = [alice, bob, carol].map(({ peerId }) => peerIdFromString(peerId))
    const contracts = crowded(
      honest,
      sybils.map(({ peerId }) => peerId)
    )
    for (const contract of contracts) {
      // They claim it to everybody they can reach.
      for (const { services } of sybils) void provide(services.dht, contract, AbortSignal.timeout(5_000)).catch(() => 0)
      await until('told', async () => (await carol.provide(contract, AbortSignal.timeout(5_000))) > 0)
    }
    let right = 0
    for (const contract of contracts) {
      const holders = await found(bob, contract)
      if (holders.includes(carol.peerId)) right += 1
      expect(holders.filter(id => id !== carol.peerId)).to.deep.equal([])
    }
    expect(right).to.be.at.least(0.95 * LOOK_UPS)
  }).timeout(60_000 + SYBILS * 3_000)

  it('names a contract by the SHA-256 of its address', () => {
    expect(contentIdOf(C).multihash.code).to.equal(0x12)
    expect(contentIdOf(C).equals(contentIdOf(asScAddr('other')))).to.equal(false)
  })
})

/** Of a thousand contracts those to whose keys the most sybils are nearer than any honest peer: at least as many as a look-up goes to. */
function crowded(honest: readonly PeerId[], sybils: readonly PeerId[]): ScAddr[] {
  const placesOf = (peers: readonly PeerId[]): bigint[] => peers.map(peer => placeOf(peer.toMultihash().bytes))
  const [own, others] = [placesOf(honest), placesOf(sybils)]
  const candidates = Array.from({ length: 1_000 }, (_, i) => {
    const scAddr = asScAddr(`crowded ${i}`)
    const key = placeOf(contentIdOf(scAddr).multihash.bytes)
    const nearest = own.map(place => place ^ key).reduce((a, b) => (a < b ? a : b))
    return { scAddr, nearer: others.filter(place => (place ^ key) < nearest).length }
  })
  const found = candidates.sort((a, b) => b.nearer - a.nearer).slice(0, LOOK_UPS)
  expect(found.at(-1)!.nearer).to.be.at.least(Math.min(20, Math.floor(sybils.length / 10)))
  return found.map(({ scAddr }) => scAddr)
}

/** Where kad-dht sees a key or a peer. */
const placeOf = (bytes: Uint8Array): bigint => BigInt(`0x${createHash('sha256').update(bytes).digest('hex')}`)
