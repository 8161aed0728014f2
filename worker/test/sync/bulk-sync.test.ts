import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import {
  MAX_BYTECODE_BYTES,
  MAX_DELTA_BYTES,
  PeerProtocol,
  SYNC_CHUNK_BYTES,
  SyncKind,
  codeHashOf,
  syncChunk,
  syncRequest,
  utf8,
  type Hash,
  type ScAddr,
  type SyncChunk,
  type SyncWant
} from '@enigma/protocol'
import { PeerDeltaSync, type DeltaSyncInit } from '../../src/sync/delta-sync.ts'
import type { ContentSource } from '../../src/sync/chunks.ts'
import type { LevelContentStore } from '../../src/sync/content-store.ts'
import { STREAM_WINDOW_BYTES } from '../../src/net/node.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { MemoryChain, asScAddr } from '../memory-chain.ts'
import { Running, makeNetwork, quiet, seesAll, until, type NodeOptions } from '../net/network-kit.ts'
import { TcpProxy, freePort } from '../net/tcp-proxy.ts'
import { Disks, makeDelta, serveContent } from './sync-kit.ts'

const CODE = utf8('the bytecode')
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']

/** Content in memory, and how many of its bytes left. */
class Shelf implements ContentSource {
  readonly deltas = new Map<string, Uint8Array>()
  readonly codes = new Map<Hash, Uint8Array>([[codeHashOf(CODE), CODE]])
  readonly withheld = new Set<string>()
  readonly forged = new Map<string, Uint8Array>()
  sent = 0

  delta(scAddr: ScAddr, index: number): Promise<Uint8Array | null> {
    const key = `${scAddr} ${index}`
    const found = this.forged.get(key) ?? this.deltas.get(key)
    return Promise.resolve(this.withheld.has(key) ? null : (found ?? null))
  }
  code = (codeHash: Hash): Promise<Uint8Array | null> => Promise.resolve(this.codes.get(codeHash) ?? null)

  get bytes(): number {
    const all = [...this.deltas.values(), ...this.codes.values()]
    return all.reduce((sum, content) => sum + content.length, 0)
  }
  before = (bytes: number): void => void (this.sent += bytes)
}

describe('sync in bulk', () => {
  const running = new Running()
  const disks = new Disks()
  let chain: MemoryChain
  let bootstrap: readonly string[]

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of NAMES) chain.register(name)
    bootstrap = []
  })
  afterEach(async () => {
    await running.stop()
    await disks.clear()
  })

  async function serve(name: string, shelf: Shelf, options: NodeOptions = {}): Promise<Libp2pNetwork> {
    const network = await makeNetwork(chain, name, { bootstrap, ...options })
    serveContent(network, shelf, shelf.before)
    await running.start(network)
    if (bootstrap.length === 0) bootstrap = network.multiaddrs()
    return network
  }

  async function newcomer(
    options: Partial<DeltaSyncInit> = {},
    net: NodeOptions = {}
  ): Promise<{ network: Libp2pNetwork; store: LevelContentStore; sync: PeerDeltaSync }> {
    const network = await makeNetwork(chain, 'frank', { bootstrap, ...net })
    const { store } = await disks.content()
    const sync = new PeerDeltaSync({ network, chain, store, log: quiet, graceMs: 20, retryMs: 200, ...options })
    await running.start(network)
    await running.start(sync)
    return { network, store, sync }
  }

  function history(shelf: Shelf, name: string, count: number, bytes = 300): ScAddr {
    const scAddr = asScAddr(name)
    chain.deploy(scAddr, codeHashOf(CODE))
    for (let index = 0; index < count; index++) {
      const { delta, hash } = makeDelta(scAddr, index, name, bytes)
      shelf.deltas.set(`${scAddr} ${index}`, delta)
      chain.append(scAddr, hash)
    }
    return scAddr
  }

  async function holdsAll(store: LevelContentStore, shelf: Shelf): Promise<void> {
    for (const { scAddr, steps, codeHash } of chain.contracts()) {
      for (const { index, deltaHash } of steps) {
        expect(await store.getDelta(scAddr, index, deltaHash)).to.deep.equal(shelf.deltas.get(`${scAddr} ${index}`))
      }
      expect(await store.getBytecode(codeHash)).to.deep.equal(shelf.codes.get(codeHash))
    }
  }

  it('fetches many contracts in few streams, from several peers, and tells how far it is', async () => {
    const shelf = new Shelf()
    for (let i = 0; i < 60; i++) history(shelf, `contract ${i}`, 5)
    for (const name of ['alice', 'bob']) await serve(name, shelf)
    const { network, store, sync } = await newcomer()
    await until('connected', seesAll(network, 2))
    const told: number[] = []
    const progress = await sync.syncAll(({ done }) => told.push(done))
    expect(progress).to.include({ contracts: 60, done: 60 })
    expect(progress.bytes).to.be.within(shelf.bytes, 2 * shelf.bytes)
    expect(told).to.deep.equal([...told].sort((a, b) => a - b))
    expect(told.length).to.be.greaterThan(10)
    await holdsAll(store, shelf)
  })

  it('fetches nothing twice after a first attempt that found nobody', async () => {
    const shelf = new Shelf()
    for (let i = 0; i < 40; i++) history(shelf, `contract ${i}`, 5, 3_000)
    const { network, store, sync } = await newcomer({ graceMs: 0, retryMs: 20 })
    expect((await sync.syncAll(undefined, AbortSignal.timeout(100))).failed).to.have.length(40)
    const whole = sync.syncAll()
    bootstrap = network.multiaddrs()
    await serve('alice', shelf)
    expect(await whole).to.include({ done: 40 })
    await holdsAll(store, shelf)
    expect(shelf.sent).to.be.lessThan(1.1 * shelf.bytes)
  })

  it('brings the largest code and the largest deltas, in chunks', async () => {
    const shelf = new Shelf()
    const code = new Uint8Array(MAX_BYTECODE_BYTES).fill(7)
    shelf.codes.set(codeHashOf(code), code)
    chain.deploy(asScAddr('large'), codeHashOf(code))
    for (const index of [0, 1]) {
      const { delta, hash } = makeDelta(asScAddr('large'), index, '', MAX_DELTA_BYTES - 200)
      shelf.deltas.set(`${asScAddr('large')} ${index}`, delta)
      chain.append(asScAddr('large'), hash)
    }
    await serve('alice', shelf)
    const { store, sync } = await newcomer()
    expect(await sync.syncAll()).to.include({ contracts: 1, done: 1 })
    await holdsAll(store, shelf)
  })

  it('goes on after cuts where it was: fewer than 20 % of the bytes come twice', async () => {
    const shelf = new Shelf()
    for (let i = 0; i < 4; i++) history(shelf, `contract ${i}`, 8, 300 * 1024)
    const proxy = await running.start(new TcpProxy())
    proxy.cutEveryBytes = 4_000_000
    const identity = await generateKeyPair('Ed25519')
    const announce = [`/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${peerIdFromPrivateKey(identity).toString()}`]
    proxy.target = await freePort()
    await serve('alice', shelf, { identity, announce, listen: [`/ip4/127.0.0.1/tcp/${proxy.target}`] })
    bootstrap = announce
    const { store, sync } = await newcomer({}, { listen: [] }) // so that the only way between the two is the proxy
    expect(await sync.syncAll()).to.include({ contracts: 4, done: 4 })
    expect(proxy.cuts).to.be.at.least(2)
    expect(proxy.toClients).to.be.lessThan(1.2 * shelf.bytes)
    await holdsAll(store, shelf)
  })

  it('goes on where it was from one look to the next: what takes longer than a look comes in the end', async function () {
    this.timeout(60_000)
    const shelf = new Shelf()
    history(shelf, 'contract', 1, 400 * 1024)
    const proxy = await running.start(new TcpProxy())
    proxy.bytesPerSecond = 512 * 1024
    // A look ends before all can have come, and after more than what the one before it left under way.
    let [look, arrived] = [new AbortController(), 0]
    proxy.onArrival = bytes => {
      arrived += bytes
      if (arrived > 300 * 1024) look.abort()
    }
    const identity = await generateKeyPair('Ed25519')
    const announce = [`/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${peerIdFromPrivateKey(identity).toString()}`]
    proxy.target = await freePort()
    await serve('alice', shelf, { identity, announce, listen: [`/ip4/127.0.0.1/tcp/${proxy.target}`] })
    bootstrap = announce
    const { network, store, sync } = await newcomer({ graceMs: 600_000 }, { listen: [] })
    await until('connected', seesAll(network, 1))
    let looks = 0
    await until(
      'whole',
      async () => {
        looks += 1
        ;[look, arrived] = [new AbortController(), 0]
        return (await sync.syncAll(undefined, look.signal)).done === 1
      },
      50_000
    )
    expect(looks).to.be.greaterThan(1)
    await holdsAll(store, shelf)
    // What was under way when a look ended is sent once more: what the stream's window lets out, and the chunk that waits for room.
    expect(shelf.sent).to.be.lessThan(shelf.bytes + (looks - 1) * (STREAM_WINDOW_BYTES + SYNC_CHUNK_BYTES))
  })

  it('is brought what one withholds in the middle by another', async () => {
    const [withholding, honest] = [new Shelf(), new Shelf()]
    const scAddr = history(honest, 'contract', 30)
    for (const [key, delta] of honest.deltas) withholding.deltas.set(key, delta)
    withholding.withheld.add(`${scAddr} 15`)
    await serve('alice', withholding)
    await serve('bob', honest)
    const { network, store, sync } = await newcomer()
    await until('connected', seesAll(network, 2))
    expect(await sync.syncAll()).to.include({ done: 1 })
    await holdsAll(store, honest)
  })

  it('completes although two of five lie, accepts nothing of theirs, and sends them away', async () => {
    const honest = new Shelf()
    const contracts = Array.from({ length: 20 }, (_, i) => history(honest, `contract ${i}`, 6))
    chain.mine(30)
    const evil = [new Shelf(), new Shelf()]
    for (const shelf of evil) {
      for (const [key, delta] of honest.deltas) shelf.deltas.set(key, delta)
      for (const scAddr of contracts) shelf.forged.set(`${scAddr} 3`, makeDelta(scAddr, 3, 'forged').delta)
    }
    const honestPeers = new Set<string>()
    for (const name of ['alice', 'bob', 'carol']) honestPeers.add((await serve(name, honest)).peerId)
    await serve('dave', evil[0]!)
    await serve('erin', evil[1]!)
    const { network, store, sync } = await newcomer()
    await until('connected', seesAll(network, 5))
    expect(await sync.syncAll()).to.include({ done: 20 })
    await holdsAll(store, honest)
    // A liar is banned at its third false content, and nobody else is.
    expect(network.peers().length).to.be.within(3, 5)
    const away = [...honestPeers].filter(id => !network.peers().some(peer => peer.peerId === id))
    expect(away).to.deep.equal([])
  })

  /** Answers the first request for a content like this, and later ones that it lacks it. */
  async function serveLiar(
    name: string,
    begin: (want: number, { from }: SyncWant) => SyncChunk
  ): Promise<() => number> {
    const begun = new Set<Hash>()
    const network = await makeNetwork(chain, name, { bootstrap })
    network.handleLine(PeerProtocol.sync, async line => {
      const { wants } = syncRequest.decode(await line.read())
      for (const [i, want] of wants.entries()) {
        if (begun.has(want.id)) {
          const lacking = { want: i, index: want.from, total: 0, offset: 0, bytes: new Uint8Array() }
          await line.write(syncChunk.encode({ pieces: [lacking], last: i === wants.length - 1 }))
          continue
        }
        begun.add(want.id)
        await line.write(syncChunk.encode(begin(i, want)))
        return line.close() // and no word of the rest
      }
    })
    await running.start(network)
    if (bootstrap.length === 0) bootstrap = network.multiaddrs()
    return () => begun.size
  }

  const BYTES = 40 * 1024
  const beginnings: Record<string, { readonly total: number; readonly given: number }> = {
    'a longer one, as far as the whole': { total: 3 * BYTES, given: 60 * 1024 },
    'a longer one, and not far': { total: 3 * BYTES, given: 1024 },
    'one of its length, with other bytes': { total: 0, given: 20 * 1024 }
  }
  for (const [what, { total, given }] of Object.entries(beginnings)) {
    it(`is not held up by one that begins ${what}, and goes; who gives the rest does not pay for it`, async () => {
      const shelf = new Shelf()
      for (let i = 0; i < 6; i++) history(shelf, `contract ${i}`, 1, BYTES)
      chain.mine(30)
      const lengthOf = (id: Hash): number => shelf.deltas.get(`${id} 0`)?.length ?? CODE.length
      const liar = await serveLiar('dave', (want, { kind, id, from }) => {
        const length = kind === SyncKind.deltas && total > 0 ? total : lengthOf(id)
        const bytes = new Uint8Array(Math.min(given, length - 1)).fill(0xee)
        return { pieces: [{ want, index: from, total: length, offset: 0, bytes }], last: false }
      })
      const { network, store, sync } = await newcomer({ fetchTimeoutMs: 60_000 })
      await until('connected', seesAll(network, 1))
      const whole = sync.syncAll()
      await until('all were begun', () => liar() === 7)
      const alice = await serve('alice', shelf, { bootstrap: network.multiaddrs() })
      expect(await Promise.race([whole, new Promise(resolve => setTimeout(resolve, 10_000))])).to.include({ done: 6 })
      await holdsAll(store, shelf)
      expect(network.peers().map(({ peerId }) => peerId)).to.include(alice.peerId)
    })
  }

  it('asks one that ends its answer before the end no more than it asks others', async () => {
    history(new Shelf(), 'contract', 3)
    let asked = 0
    const network = await makeNetwork(chain, 'dave')
    network.handleLine(PeerProtocol.sync, async line => {
      await line.read()
      asked += 1
      await line.write(syncChunk.encode({ pieces: [], last: true }))
    })
    await running.start(network)
    bootstrap = network.multiaddrs()
    const { network: own, sync } = await newcomer({ fetchTimeoutMs: 1_000 })
    await until('connected', seesAll(own, 1))
    expect(await sync.syncAll()).to.include({ done: 0 })
    expect(asked).to.be.within(1, 12) // once a round, and a few rounds in the time
  })

  it('asks a peer that it has yet to meet, if the DHT names it', async () => {
    const shelf = new Shelf()
    history(shelf, 'contract', 3)
    const bob = await serve('bob', new Shelf())
    const carol = await serve('carol', shelf)
    await until('connected', seesAll(carol, 1))
    await until('told', async () => (await carol.provide(asScAddr('contract'), AbortSignal.timeout(5_000))) > 0)
    const limits = { wantedPeers: 1, findPeersEveryMs: 60_000 }
    const { network, store, sync } = await newcomer({}, { bootstrap: bob.multiaddrs(), limits })
    expect(await sync.syncAll()).to.include({ done: 1 })
    await holdsAll(store, shelf)
    expect(network.peers().map(peer => peer.peerId)).to.include(carol.peerId)
  })

  it('holds no more than a few chunks for a reader that does not read', async () => {
    const shelf = new Shelf()
    history(shelf, 'contract', 40, 400 * 1024)
    const alice = await serve('alice', shelf, { limits: { requestTimeoutMs: 600 } })
    const network = await running.start(await makeNetwork(chain, 'frank', { bootstrap }))
    await until('connected', () => seesAll(alice, 1)() && seesAll(network, 1)())
    const line = await network.line(alice, PeerProtocol.sync, AbortSignal.timeout(20_000))
    const id = asScAddr('contract') as string as Hash
    await line.write(syncRequest.encode({ wants: [{ kind: SyncKind.deltas, id, from: 0, to: 40, offset: 0 }] }))
    await until('it sends', () => shelf.sent > 0)
    await new Promise(resolve => setTimeout(resolve, 1_500)) // longer than a frame may take: the line is over then
    expect(shelf.sent).to.be.lessThan(3 * 1024 * 1024)
    expect(shelf.bytes).to.be.greaterThan(15 * 1024 * 1024)
  })
})
