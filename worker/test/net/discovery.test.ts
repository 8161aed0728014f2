import { expect } from 'chai'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { PeerProtocol } from '@enigma/protocol'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { openPeerBook } from '../../src/net/peer-book.ts'
import { openDatabase } from '../../src/ops/database.ts'
import { MemoryChain, asScAddr } from '../memory-chain.ts'
import { Running, makeNetwork, quiet, seesAll, until, type NodeOptions } from './network-kit.ts'
import { TcpProxy, freePort } from './tcp-proxy.ts'

const C = asScAddr('contract')
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']

describe('net/discovery', () => {
  const running = new Running()
  let chain: MemoryChain

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of NAMES) chain.register(name)
  })
  afterEach(() => running.stop())

  const start = async (name: string, options: NodeOptions = {}): Promise<Libp2pNetwork> =>
    running.start(await makeNetwork(chain, name, options))

  async function providersOf(network: Libp2pNetwork): Promise<string[]> {
    const found: string[] = []
    for await (const { peerId } of network.providers(C, AbortSignal.timeout(5_000))) found.push(peerId)
    return found
  }

  it('keeps as many connections as it wants, whoever leaves', async () => {
    const first = await start(NAMES[0]!)
    const bootstrap = first.multiaddrs()
    const limits = { wantedPeers: 3 }
    const others: Libp2pNetwork[] = []
    for (const name of NAMES.slice(1)) others.push(await start(name, { bootstrap, limits }))
    const last = others.at(-1)!
    await until('found', () => last.peers().length >= 3)
    for (const leaving of [first, others[0]!]) {
      await leaving.stop()
      const knows = (): boolean => last.peers().some(peer => peer.peerId === leaving.peerId)
      await until('recovered, without the one that left', () => last.peers().length >= 3 && !knows())
    }
  })

  it('goes on looking for peers while strangers are connected to it: they cost nothing to make', async () => {
    const bob = await start('bob', { limits: { wantedPeers: 2 } })
    const bootstrap = bob.multiaddrs()
    for (const name of ['stranger', 'another stranger']) {
      const stranger = await start(name, { bootstrap })
      await until('the stranger is there', seesAll(stranger, 1))
    }
    const carol = await start('carol', { limits: { wantedPeers: 1 } })
    await start('alice', { bootstrap: [...bootstrap, ...carol.multiaddrs()] })
    await until('bob sees both', seesAll(bob, 2))
  })

  it('looks for the principal, whoever else it has: without it nothing runs', async () => {
    const limits = { wantedPeers: 1 }
    let dials = 0
    const count = (what: string): void => void (dials += what === 'peer_dials' ? 1 : 0)
    const alice = await start('alice')
    const bootstrap = alice.multiaddrs()
    const bob = await start('bob', { bootstrap, limits, seeks: 'principal', count })
    await until('bob sees alice', seesAll(bob, 1))
    const principal = await start('principal', { role: 'principal', bootstrap, limits })
    await until('found through alice', seesAll(bob, 2))
    await principal.stop()
    await until('gone', seesAll(bob, 1))
    const before = dials
    await until('dialled again and again', () => dials >= before + 3)
  })

  it('finds a holder of a contract that it is not connected to, and connects to it', async () => {
    const bob = await start('bob')
    const bootstrap = bob.multiaddrs()
    const carol = await start('carol', { bootstrap })
    await until('connected', seesAll(bob, 1))
    await until('told', async () => (await carol.provide(C, AbortSignal.timeout(5_000))) === 1)
    const alice = await start('alice', { bootstrap, limits: { wantedPeers: 1, findPeersEveryMs: 60_000 } })
    await until('alice sees bob', () => alice.peers().some(peer => peer.peerId === bob.peerId))
    await until('alice hears of carol', async () => (await providersOf(alice)).includes(carol.peerId))
    await until('alice sees carol', () => alice.peers().some(peer => peer.peerId === carol.peerId))
  })

  it('may start alone: nobody is told, nothing is found, and the first one to come later is told', async () => {
    const alice = await start('alice')
    expect(await alice.provide(C, AbortSignal.timeout(2_000))).to.equal(0)
    expect(await providersOf(alice)).to.deep.equal([])
    const bob = await start('bob', { bootstrap: alice.multiaddrs() })
    await until('connected', () => seesAll(alice, 1)() && seesAll(bob, 1)())
    await until('told', async () => (await alice.provide(C, AbortSignal.timeout(5_000))) === 1)
    await until('bob knows', async () => (await providersOf(bob)).includes(alice.peerId))
  })

  it('speaks WebSocket too', async () => {
    const alice = await start('alice', { listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'] })
    const webSocketOnly = alice.multiaddrs().filter(address => address.includes('/ws/'))
    expect(webSocketOnly).to.have.lengthOf(1)
    const bob = await start('bob', { bootstrap: webSocketOnly })
    await until('connected', () => seesAll(alice, 1)() && seesAll(bob, 1)())
    expect(bob.peers()[0]!.addresses).to.deep.equal(alice.multiaddrs())
  })

  it('comes back without any bootstrap node: it noted whom it knew', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'enigma-book-'))
    const db = await openDatabase(dir)
    try {
      const identity = await generateKeyPair('Ed25519')
      const alice = await start('alice')
      const before = await start('bob', {
        identity,
        bootstrap: alice.multiaddrs(),
        book: await openPeerBook(db, quiet)
      })
      await until('connected', seesAll(before, 1))
      await before.stop()
      await until('gone', seesAll(alice, 0))
      const after = await start('bob', { identity, book: await openPeerBook(db, quiet) })
      expect(after.peerId).to.equal(before.peerId)
      await until('connected again', seesAll(after, 1))
    } finally {
      await running.stop()
      await db.close()
      await rm(dir, { recursive: true, force: true })
    }
  })

  it('keeps a connection whose pings are late because a transfer is in front of them', async () => {
    const limits = { pingEveryMs: 300, pingTimeoutMs: 2_000 }
    const p = await running.start(new TcpProxy())
    const port = await freePort()
    p.target = port
    const identity = await generateKeyPair('Ed25519')
    const path = [`/ip4/127.0.0.1/tcp/${p.port}/p2p/${peerIdFromPrivateKey(identity).toString()}`]
    const a = await makeNetwork(chain, 'alice', {
      identity,
      limits,
      listen: [`/ip4/127.0.0.1/tcp/${port}`],
      announce: path
    })
    a.handle(PeerProtocol.taskRelay, { 0: payload => Promise.resolve(payload) })
    await running.start(a)
    const b = await start('bob', { limits, bootstrap: path, listen: [] })
    await until('connected', () => seesAll(a, 1)() && seesAll(b, 1)())
    p.bytesPerSecond = 30_000
    const payload = randomBytes(120_000)
    const echo = await b.request(b.peers()[0]!, PeerProtocol.taskRelay, 0, payload)
    expect(Buffer.from(echo).equals(payload)).to.equal(true)
    expect(p.accepted).to.equal(1)
  })

  for (const silent of ['toServer', 'toClient'] as const) {
    it(`notices a path that carries bytes one way only (${silent} is lost), and comes back when it is whole`, async () => {
      const limits = { pingEveryMs: 200, pingTimeoutMs: 600 }
      const p = await running.start(new TcpProxy())
      // What alice tells of herself leads through the proxy as well.
      const identity = await generateKeyPair('Ed25519')
      const path = [`/ip4/127.0.0.1/tcp/${p.port}/p2p/${peerIdFromPrivateKey(identity).toString()}`]
      const port = await freePort()
      p.target = port
      const a = await start('alice', { identity, limits, listen: [`/ip4/127.0.0.1/tcp/${port}`], announce: path })
      const b = await start('bob', { limits, bootstrap: path, listen: [] }) // alice would dial him on another path at once
      await until('connected', () => seesAll(a, 1)() && seesAll(b, 1)())
      p.swallow(silent)
      await until('both noticed', () => seesAll(a, 0)() && seesAll(b, 0)())
      p.heal()
      await until('connected again', () => seesAll(a, 1)() && seesAll(b, 1)(), 20_000) // a dial that began before takes 5 s to fail
    }).timeout(40_000)
  }
})
