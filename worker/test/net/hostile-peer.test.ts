import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { gossipsub } from '@libp2p/gossipsub'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { PeerProtocol, helloCodec, peerRequest, peerResponse, signDigest, u32 } from '@enigma/protocol'
import { frames } from '../../src/net/frames.ts'
import { makeHello } from '../../src/net/hello.ts'
import { DEFAULT_LIMITS, type NetLimits } from '../../src/net/limits.ts'
import { createNode, type Node } from '../../src/net/node.ts'
import { KAD_PROTOCOL } from '../../src/net/routing.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { MemoryChain, addressOf, keyOf } from '../memory-chain.ts'
import { LOOPBACK, Running, makeNetwork, seesAll, until } from './network-kit.ts'

/** A peer that speaks libp2p, and says whatever it likes above it. */
describe('net, against hostile peers', () => {
  const running = new Running()
  let chain: MemoryChain
  let victim: Libp2pNetwork
  let served: number

  beforeEach(async () => {
    chain = new MemoryChain()
    for (const name of ['alice', 'mallory']) chain.register(name)
    served = 0
    await startVictim()
  })
  afterEach(() => running.stop())

  async function startVictim(limits: Partial<NetLimits> = {}): Promise<void> {
    await running.stop()
    victim = await makeNetwork(chain, 'alice', { limits: { maxUnverified: 3, ...limits } })
    victim.handle(PeerProtocol.taskRelay, { 0: () => Promise.resolve(Uint8Array.of(++served)) })
    await running.start(victim)
  }

  async function attacker(): Promise<{ node: Node; connection: Connection }> {
    const node = await createNode({
      identity: await generateKeyPair('Ed25519'),
      listen: LOOPBACK,
      announce: [],
      limits: DEFAULT_LIMITS,
      isBanned: () => false,
      routing: kadDHT({ protocol: KAD_PROTOCOL, clientMode: false, peerInfoMapper: passthroughMapper }),
      gossip: gossipsub()
    })
    const wrapped = { start: () => node.start() as Promise<void>, stop: () => node.stop() as Promise<void> }
    await running.start(wrapped)
    return { node, connection: await node.dial(victim.multiaddrs().map(address => multiaddr(address))) }
  }

  const helloOf = (node: Node, name = 'mallory'): Uint8Array => {
    const self = {
      domain: chain.facts,
      role: 'worker' as const,
      operator: addressOf(name),
      signer: () => addressOf(`${name} enclave`),
      sign: (digest: Parameters<typeof signDigest>[0]) => signDigest(digest, keyOf(name))
    }
    return makeHello(self, node.peerId.toString(), node.getMultiaddrs().map(String))
  }

  async function say(
    connection: Connection,
    protocol: string,
    bytes: Uint8Array
  ): Promise<{ ok: boolean; code: string }> {
    const stream = await connection.newStream(protocol)
    const line = frames(stream, 2 ** 20)
    const signal = AbortSignal.timeout(2_000)
    await line.write(bytes, signal)
    const answer = peerResponse.decode(await line.read(signal))
    await stream.close()
    return answer
  }
  const sayHello = (connection: Connection, hello: Uint8Array): Promise<{ ok: boolean; code: string }> =>
    say(connection, PeerProtocol.hello, peerRequest.encode({ method: 0, payload: hello }))

  async function verified(): Promise<{ node: Node; connection: Connection }> {
    const held = await attacker()
    await sayHello(held.connection, helloOf(held.node))
    await until('verified', seesAll(victim, 1))
    return held
  }

  it('closes a connection on which nobody says hello', async () => {
    await startVictim({ helloTimeoutMs: 300 })
    const { connection } = await attacker()
    await until('closed', () => connection.status !== 'open', 3_000)
  })

  it('does not let strangers crowd each other beyond the limit', async () => {
    const held = await Promise.all(Array.from({ length: 6 }, attacker))
    await until('at most three stay', () => held.filter(h => h.connection.status === 'open').length <= 3, 3_000) // before the first lack of a hello counts
  })

  it('closes the stream, and nothing else, of a protocol or a version that it does not know', async () => {
    const { connection } = await verified()
    const unknown = ['/enigma/gift/1.0.0', PeerProtocol.taskRelay.replace('1.0.0', '2.0.0'), '/meshsub/99.0.0']
    for (const protocol of unknown) {
      const refused = await connection.newStream(protocol, { signal: AbortSignal.timeout(5_000) }).then(
        () => 'opened',
        (error: Error) => error.name
      )
      expect(refused, protocol).to.equal('UnsupportedProtocolError')
      const left = (): number => connection.streams.filter(({ protocol: held }) => held === protocol).length
      await until('the stream is gone', () => left() === 0)
    }
    expect(connection.status).to.equal('open')
    expect(victim.peers()).to.have.lengthOf(1)
    const request = peerRequest.encode({ method: 0, payload: new Uint8Array() })
    for (let i = 1; i <= 3; i++) expect((await say(connection, PeerProtocol.taskRelay, request)).ok).to.equal(true)
    expect(served).to.equal(3)
  })

  it('refuses a frame that claims to be too large, before anything is read', async () => {
    const { connection } = await verified()
    const stream = await connection.newStream(PeerProtocol.taskRelay)
    let reset = false
    stream.addEventListener('close', () => (reset = true))
    stream.send(u32.encode(2 ** 30))
    await until('reset', () => reset, 5_000) // sooner than the deadline of the request
    expect(served).to.equal(0)
  })

  it('sends away who keeps announcing too much', async () => {
    const { connection } = await verified()
    for (let i = 0; i < 4; i++) {
      const stream = await connection.newStream(PeerProtocol.taskRelay)
      stream.send(u32.encode(2 ** 30))
    }
    await until('gone', () => connection.status !== 'open' && victim.peers().length === 0, 5_000)
  })

  it('tells a node of another network so, and lets it go', async () => {
    const { node, connection } = await attacker()
    const hello = helloCodec.decode(helloOf(node))
    const elsewhere = helloCodec.encode({ ...hello, enigma: addressOf('another enigma') })
    expect(await sayHello(connection, elsewhere)).to.include({ ok: false, code: 'PEER_OTHER_NETWORK' })
    await until('closed', () => connection.status !== 'open', 5_000)
  })

  it('refuses a length that never ends, and a flood behind a small frame', async () => {
    const { connection } = await verified()
    for (const bytes of [new Uint8Array(64).fill(0xff), new Uint8Array(64 * 1024).fill(0x00)]) {
      const stream = await connection.newStream(PeerProtocol.findPeers)
      let ended = false
      stream.addEventListener('close', () => (ended = true))
      stream.send(bytes)
      await until('ended', () => ended, 2_000)
    }
    expect(victim.peers().length).to.be.lessThan(2)
  })

  it('gives up on a request that arrives drop by drop', async () => {
    await startVictim({ requestTimeoutMs: 500 })
    const { connection } = await verified()
    const stream = await connection.newStream(PeerProtocol.taskRelay)
    let ended = false
    stream.addEventListener('close', () => (ended = true))
    stream.send(u32.encode(1000))
    const drip = setInterval(() => {
      if (!ended) stream.send(Uint8Array.of(1))
    }, 50)
    await until('ended', () => ended, 5_000)
    clearInterval(drip)
    expect(served).to.equal(0)
  })

  it('does not hold a stream open for one that never closes it', async () => {
    await startVictim({ requestTimeoutMs: 500 })
    const { connection } = await verified()
    const stream = await connection.newStream(PeerProtocol.taskRelay)
    const line = frames(stream, 2 ** 20)
    const signal = AbortSignal.timeout(2_000)
    await line.write(peerRequest.encode({ method: 0, payload: new Uint8Array() }), signal)
    expect(peerResponse.decode(await line.read(signal)).ok).to.equal(true)
    await until('ended', () => stream.status !== 'open', 5_000)
  })

  it('sends away who keeps sending what is no request, and does not take it back', async () => {
    const { node, connection } = await verified()
    const codes: string[] = []
    for (let i = 0; i < 5; i++) {
      codes.push(
        await say(connection, PeerProtocol.taskRelay, Uint8Array.of(9, 9, 9)).then(
          a => a.code,
          () => 'gone'
        )
      )
    }
    expect(codes[0]).to.equal('PEER_MALFORMED')
    await until('closed', () => connection.status !== 'open' && victim.peers().length === 0)
    const again = await node.dial(victim.multiaddrs().map(address => multiaddr(address))).catch(() => null)
    await until('refused', () => again === null || again.status !== 'open', 1_000)
  })

  it('refuses malformed hellos, and hellos whose addresses lead elsewhere are stripped of them', async () => {
    const { connection } = await attacker()
    const answer = await sayHello(connection, Uint8Array.of(1, 2, 3))
    expect(answer).to.include({ ok: false, code: 'PEER_MALFORMED' })

    const { node, connection: second } = await attacker()
    const hello = helloCodec.decode(helloOf(node))
    const elsewhere = [
      '/ip4/10.0.0.1/tcp/22',
      `/ip4/10.0.0.1/tcp/22/p2p/${victim.peerId}`,
      'nonsense',
      '/unix/etc/passwd'
    ]
    await sayHello(second, helloCodec.encode({ ...hello, addresses: elsewhere }))
    await until('verified', seesAll(victim, 1))
    expect(victim.peers()[0]!.addresses).to.deep.equal([])
  })

  it('does not survive on a stolen hello: the signature stands for one peer id', async () => {
    const { node } = await verified()
    const stolen = helloOf(node)
    await node.stop()
    await until('gone', seesAll(victim, 0))
    const { connection } = await attacker()
    const answer = await sayHello(connection, stolen).catch(() => ({ ok: false, code: 'PEER_IMPOSTOR' }))
    expect(answer).to.include({ ok: false, code: 'PEER_IMPOSTOR' })
    expect(victim.peers()).to.be.empty
  })

  it('answers an honest peer while another one opens a thousand streams and leaves them open', async () => {
    await startVictim({ requestTimeoutMs: 60_000 })
    chain.register('bob')
    const { connection } = await verified()
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: victim.multiaddrs() }))
    await until('connected', seesAll(victim, 2))
    for (let i = 0; i < 1_000; i++) {
      const protocol = [PeerProtocol.taskRelay, PeerProtocol.findPeers, KAD_PROTOCOL][i % 3]!
      const stream = await connection
        .newStream(protocol, { signal: AbortSignal.timeout(5_000), maxOutboundStreams: 2_000 })
        .catch(() => null)
      if (stream?.status === 'open') stream.send(Uint8Array.of(0)) // the beginning of a length
    }
    const alice = bob.peers().find(peer => peer.peerId === victim.peerId)!
    for (let i = 0; i < 20; i++) await bob.request(alice, PeerProtocol.taskRelay, 0, new Uint8Array())
    expect(served).to.equal(20)
    const opened = (): number => connection.streams.filter(stream => stream.direction === 'outbound').length
    await until('no more than the limits stay', () => opened() <= 2 * 8 + 32 + 2) // and two of gossip
  }).timeout(60_000)

  it('ends a stream of the DHT on which a length never ends, and stays as it is', async () => {
    const { connection } = await verified()
    for (const filler of [0xff, 0x80, 0x00]) {
      const stream = await connection.newStream(KAD_PROTOCOL)
      let ended = false
      stream.addEventListener('close', () => (ended = true))
      const chunk = new Uint8Array(64 * 1024).fill(filler)
      for (let sent = 0; sent < 64 && !ended; sent++) {
        if (!stream.send(chunk)) await new Promise(resolve => setTimeout(resolve, 5))
      }
      await until('ended', () => ended, 5_000)
    }
    expect(victim.peers().length).to.equal(1)
  })

  it('is not moved by what is no message of gossip', async () => {
    const { node, connection } = await verified()
    const [protocol] = (await node.peerStore.get(connection.remotePeer)).protocols.filter(p => p.includes('meshsub'))
    for (const bytes of [new Uint8Array(300).fill(0xff), new Uint8Array(32 * 1024 * 1024), Uint8Array.of(3, 1, 2, 3)]) {
      const stream = await connection.newStream(protocol!).catch(() => null)
      if (!stream) continue // sent away meanwhile: as well
      for (let at = 0; at < bytes.length && stream.status === 'open'; at += 65_536) {
        if (!stream.send(bytes.subarray(at, at + 65_536))) await new Promise(resolve => setTimeout(resolve, 2))
      }
      stream.abort(new Error('enough'))
    }
    chain.register('bob')
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: victim.multiaddrs() }))
    await until('an honest peer is served', () => bob.peers().length >= 1)
    await bob.request(
      bob.peers().find(peer => peer.peerId === victim.peerId)!,
      PeerProtocol.taskRelay,
      0,
      new Uint8Array()
    )
    expect(served).to.equal(1)
  })
})
