import { expect } from 'chai'
import { MAX_DELTA_BYTES, PeerProtocol, codeHashOf, codeOf, keccak256, utf8, type Hash } from '@enigma/protocol'
import { PeerDeltaSync, type DeltaSyncInit } from '../../src/sync/delta-sync.ts'
import type { LevelContentStore } from '../../src/sync/content-store.ts'
import { ask, deltaCalls, serve } from '../../src/net/calls.ts'
import { decidingCode } from '../../src/net/errors.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { Precedence } from '../../src/ops/precedence.ts'
import { MemoryChain, addressOf, asScAddr } from '../memory-chain.ts'
import { Running, makeNetwork, quiet, seesAll, until } from '../net/network-kit.ts'
import { Disks, makeDelta, serveContent } from './sync-kit.ts'

const C = asScAddr('contract'),
  D = asScAddr('another contract')
const CODE = utf8('the bytecode')

interface Node {
  readonly network: Libp2pNetwork
  readonly store: LevelContentStore
  readonly sync: PeerDeltaSync
}

describe('sync/delta-sync', () => {
  const running = new Running()
  const disks = new Disks()
  let chain: MemoryChain
  let bootstrap: readonly string[]

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol', 'liar']) chain.register(name)
    chain.startEpoch(['alice'])
    bootstrap = []
  })
  afterEach(async () => {
    await running.stop()
    await disks.clear()
  })

  async function makeNode(name: string, options: Partial<DeltaSyncInit> = {}): Promise<Node> {
    const network = await makeNetwork(chain, name, { bootstrap })
    const { store } = await disks.content()
    const sync = new PeerDeltaSync({
      network,
      chain,
      store,
      log: quiet,
      fetchTimeoutMs: 15_000,
      graceMs: 20,
      retryMs: 100,
      ...options
    })
    await running.start(network)
    await running.start(sync)
    if (bootstrap.length === 0) bootstrap = network.multiaddrs()
    return { network, store, sync }
  }

  /** A worker that gives this delta and this code, whatever it is asked for. */
  async function makeLiar(delta: Uint8Array, bytecode = utf8('other code')): Promise<Libp2pNetwork> {
    const network = await makeNetwork(chain, 'liar', { bootstrap })
    serve(network, deltaCalls, {
      pushDelta: () => Promise.resolve({}),
      pushBytecode: () => Promise.resolve({}),
      pushDeltas: ({ deltas }) => Promise.resolve({ codes: deltas.map(() => '') })
    })
    serveContent(network, {
      delta: () => Promise.resolve(delta),
      code: () => Promise.resolve(bytecode)
    })
    return running.start(network)
  }

  /** A contract on chain with `count` deltas, held by these stores. */
  async function history(count: number, stores: readonly LevelContentStore[], scAddr = C): Promise<Hash[]> {
    chain.deploy(scAddr, codeHashOf(CODE))
    const hashes: Hash[] = []
    for (let index = 0; index < count; index++) {
      const { delta, hash } = makeDelta(scAddr, index)
      for (const store of stores) await store.putDelta(delta, null)
      hashes.push(hash)
      chain.append(scAddr, hash)
    }
    for (const store of stores) await store.putBytecode(CODE, null)
    return hashes
  }

  it('pushes to the other workers before the chain knows, and counts those that have it on disk', async () => {
    const alice = await makeNode('alice', { ackTimeoutMs: 15_000 })
    const [bob, carol] = [await makeNode('bob'), await makeNode('carol')]
    for (const { network } of [alice, bob, carol]) await until('connected', seesAll(network, 2))
    const { delta, hash } = makeDelta(C, 0)

    const { acks } = await alice.sync.push(delta, CODE)
    expect(await alice.store.hasDelta(C, 0, hash)).to.equal(true)
    expect(await acks).to.equal(2)
    expect(alice.sync.replicas(hash)).to.equal(2)
    for (const { store } of [bob, carol]) {
      expect(await store.getDelta(C, 0, hash)).to.deep.equal(delta)
      expect(await store.getBytecode(codeHashOf(CODE))).to.deep.equal(CODE)
    }
    chain.deploy(C, codeHashOf(CODE))
    chain.append(C, hash)
    chain.mine()
    await bob.sync.ensure(C, 0)
  })

  it('waits for copies no longer than its deadline, and pushes on to those who come later', async () => {
    const alice = await makeNode('alice')
    const { delta, hash } = makeDelta(C, 0)
    expect(await (await alice.sync.push(delta)).acks).to.equal(0)

    const bob = await makeNode('bob')
    await until('pushed on', () => bob.store.hasDelta(C, 0, hash))
    await until('acknowledged', () => alice.sync.replicas(hash) === 1)
  })

  it('keeps no delta of a worker without a seat, far ahead of the chain, or against the chain', async () => {
    const alice = await makeNode('alice')
    const bob = await makeNode('bob')
    await until('connected', () => seesAll(alice.network, 1)() && seesAll(bob.network, 1)())
    const push = (from: Node, to: Node, delta: Uint8Array): Promise<string> =>
      ask(from.network, to.network, deltaCalls.pushDelta, { delta }).then(() => 'ok', decidingCode)

    const first = makeDelta(C, 0)
    expect(await push(bob, alice, first.delta)).to.equal('DELTA_REFUSED') // only Alice has seats
    expect(await push(alice, bob, first.delta)).to.equal('ok')
    expect(await push(alice, bob, makeDelta(C, 64).delta)).to.equal('DELTA_REFUSED')
    expect(await push(alice, bob, utf8('no delta'))).to.equal('PROTOCOL_DECODE')
    chain.deploy(C, codeHashOf(CODE))
    chain.append(C, first.hash)
    expect(await push(alice, bob, makeDelta(C, 0, 'rival').delta)).to.equal('DELTA_REFUSED')
    expect(await push(bob, alice, first.delta)).to.equal('ok') // the chain names it: anyone may bring it

    // Several at once, each by itself.
    const next = makeDelta(C, 1)
    const deltas = [makeDelta(C, 0, 'rival').delta, next.delta, utf8('no delta'), makeDelta(C, 65).delta, first.delta]
    const { codes } = await ask(alice.network, bob.network, deltaCalls.pushDeltas, { deltas })
    expect(codes).to.deep.equal(['DELTA_REFUSED', '', 'PROTOCOL_DECODE', 'DELTA_REFUSED', ''])
    expect(await bob.store.hasDelta(C, 1, next.hash)).to.equal(true)
  })

  it('fetches a history it lacks from any worker, in pieces, and serves it on', async () => {
    const alice = await makeNode('alice')
    const hashes = await history(300, [alice.store])
    const bob = await makeNode('bob')
    const progress = await bob.sync.syncAll()
    expect(progress).to.include({ contracts: 1, done: 1 }).and.to.deep.include({ failed: [] })
    expect((await bob.sync.deltas(C, 250, 300)).map(keccak256)).to.deep.equal(hashes.slice(250))
    expect(await bob.store.getBytecode(codeHashOf(CODE))).to.deep.equal(CODE)

    await alice.network.stop()
    await alice.sync.stop()
    bootstrap = bob.network.multiaddrs()
    const carol = await makeNode('carol')
    await carol.sync.ensure(C, 299)
  })

  it('tells what round after round nobody gave, who said that they lack it, and no more of it once it came', async () => {
    const alice = await makeNode('alice')
    const carol = await makeNode('carol')
    await history(2, [alice.store, carol.store])
    const third = makeDelta(C, 2)
    chain.append(C, third.hash)
    chain.append(C, makeDelta(C, 3).hash)
    const bob = await makeNode('bob')
    await until('connected', seesAll(bob.network, 2))
    await bob.sync.syncAll(undefined, AbortSignal.timeout(200))
    const own = () => bob.sync.unmet().find(({ scAddr }) => scAddr === C)

    await until('asked often', () => (own()?.rounds ?? 0) >= 3 && own()?.connected === 2 && own()?.lackedBy === 2)
    expect(own()).to.include({ first: 2, count: 2, bytecode: false })
    const { sinceMs } = own()!

    await alice.store.putDelta(third.delta, null)
    await until('the next is missing', () => own()?.first === 3)
    expect(own()).to.include({ count: 1 })
    expect(own()!.sinceMs).to.be.greaterThan(sinceMs)

    await alice.store.putDelta(makeDelta(C, 3).delta, null)
    await until('nothing is missing', () => own() === undefined)
  })

  it('fetches deltas of the largest size, one answer at a time', async () => {
    const alice = await makeNode('alice')
    chain.deploy(C, codeHashOf(CODE))
    const large = MAX_DELTA_BYTES - 200
    for (let index = 0; index < 3; index++) {
      const { delta, hash } = makeDelta(C, index, '', large)
      await alice.store.putDelta(delta, null)
      chain.append(C, hash)
    }
    const bob = await makeNode('bob')
    await bob.sync.ensure(C, 2)
    expect((await bob.sync.deltas(C, 0, 3)).map(delta => delta.length)).to.deep.equal([1, 1, 1].map(() => large + 113))
  })

  it('is not stopped by a peer that gives wrong content, and sends it away', async () => {
    await history(2, [])
    chain.mine(30) // so deep that nobody honest may see it otherwise
    const liar = await makeLiar(makeDelta(C, 0, 'forged').delta)
    bootstrap = liar.multiaddrs()
    const bob = await makeNode('bob', { fetchTimeoutMs: 1_500 })
    await until('bob sees the liar', seesAll(bob.network, 1))
    expect(await bob.sync.ensure(C, 1).catch(codeOf)).to.equal('SYNC_INCOMPLETE')
    expect(bob.network.peers()).to.be.empty
    expect(await bob.store.hasDelta(C, 0, makeDelta(C, 0, 'forged').hash)).to.equal(false)

    bootstrap = bob.network.multiaddrs()
    const alice = await makeNode('alice')
    for (const index of [0, 1]) await alice.store.putDelta(makeDelta(C, index).delta, null)
    await alice.store.putBytecode(CODE, null)
    await bob.sync.ensure(C, 1)
    expect(await bob.sync.ensureBytecode(codeHashOf(CODE))).to.deep.equal(CODE)
  })

  it('takes no bytecode that has not the hash it asked for', async () => {
    const liar = await makeLiar(makeDelta(C, 0).delta, utf8('other code'))
    bootstrap = liar.multiaddrs()
    const bob = await makeNode('bob', { fetchTimeoutMs: 1_500 })
    await until('bob sees the liar', seesAll(bob.network, 1))
    expect(await bob.sync.ensureBytecode(codeHashOf(CODE)).catch(codeOf)).to.equal('SYNC_INCOMPLETE')
    expect(await bob.store.getBytecode(codeHashOf(utf8('other code')))).to.equal(null)
    expect(bob.network.peers()).to.be.empty
  })

  it('is not stopped by a contract that nobody has, and says which one', async () => {
    const alice = await makeNode('alice')
    await history(2, [alice.store])
    await history(1, [], D)
    const bob = await makeNode('bob', { fetchTimeoutMs: 1_500 })
    const seen: number[] = []
    const progress = await bob.sync.syncAll(p => seen.push(p.done + p.failed.length))
    expect(progress)
      .to.include({ contracts: 2, done: 1 })
      .and.to.deep.include({ failed: [D] })
    expect(seen).to.include.members([1, 2])
    expect(await bob.sync.ensure(D, 0).catch(codeOf)).to.equal('SYNC_INCOMPLETE')

    const { delta } = makeDelta(D, 0)
    await alice.store.putDelta(delta, null) // somebody has it after all
    await until('fetched later, by itself', () => bob.store.hasDelta(D, 0, makeDelta(D, 0).hash))
  })

  it('says whether everybody was asked for what nobody has', async () => {
    const alice = await makeNode('alice')
    const hashes = await history(1, [])
    const signal = AbortSignal.timeout(10_000)
    expect(await alice.sync.seek(C, 0, signal), 'alone').to.equal('unknown')
    const bob = await makeNode('bob')
    await until('connected', seesAll(alice.network, 1))
    expect(await alice.sync.seek(C, 0, signal), 'with bob').to.equal('absent')
    const carol = await makeNetwork(chain, 'carol', { bootstrap })
    carol.handleLine(PeerProtocol.sync, () => new Promise(() => undefined)) // never says a word
    await running.start(carol)
    await until('connected', seesAll(alice.network, 2))
    expect(await alice.sync.seek(C, 0, AbortSignal.timeout(500)), 'one is silent').to.equal('unknown')
    await bob.store.putDelta(makeDelta(C, 0).delta, null)
    expect(await alice.store.hasDelta(C, 0, hashes[0]!)).to.equal(false)
    await until('here', async () => (await alice.sync.seek(C, 0, AbortSignal.timeout(500))) === 'here')
  })

  it('goes on at once when a push brings what it waits for', async () => {
    const alice = await makeNode('alice')
    const never = 3_600_000
    // Nothing but a push ends its wait.
    const bob = await makeNode('bob', { firstPauseMs: never, fetchTimeoutMs: never, graceMs: never })
    await until('connected', seesAll(bob.network, 1))
    await history(1, [])
    let asked = 0
    const { line } = bob.network
    bob.network.line = (...args) => (asked++, line.apply(bob.network, args))
    const waiting = bob.sync.ensure(C, 0)
    await until('asked in vain', () => asked > 0)
    await until('it rests', async () => (await bob.sync.seek(C, 0, AbortSignal.timeout(1_000))) === 'absent')
    const before = asked
    await (
      await alice.sync.push(makeDelta(C, 0).delta)
    ).acks
    await waiting
    expect(asked, 'asked again').to.equal(before)
  })

  it('tidies up in one write what a block made final, once no receipt is pressing, but not much later', async () => {
    const precedence = new Precedence()
    let pressing = 1
    precedence.pressing = () => pressing
    const bob = await makeNode('bob', { precedence })
    const places = await Promise.all(
      [0, 1].map(index => bob.store.putDelta(makeDelta(C, index, 'rival').delta, addressOf('carol enclave')))
    )
    const chosen = [0, 1].map(index => makeDelta(C, index))
    for (const { delta } of chosen) await bob.store.putDelta(delta, addressOf('alice enclave'))
    await bob.store.putBytecode(CODE, null)
    const writes: number[] = []
    const { settle } = bob.store
    bob.store.settle = all => (writes.push(all.length), settle.call(bob.store, all))
    const hasRivals = async (): Promise<boolean> =>
      (await Promise.all(places.map(one => bob.store.hasDelta(one.scAddr, one.index, one.deltaHash)))).every(Boolean)

    chain.deploy(C, codeHashOf(CODE))
    for (const { hash } of chosen) chain.append(C, hash)
    chain.mine()
    await new Promise(done => setTimeout(done, 50))
    expect(await hasRivals(), 'while a receipt is pressing').to.equal(true)
    pressing = 0
    precedence.mayHaveEased()
    await until('rivals gone', async () => !(await hasRivals()))
    expect(writes.filter(count => count > 0)).to.deep.equal([2])

    pressing = 1 // for ever
    const rival = await bob.store.putDelta(makeDelta(C, 2, 'rival').delta, addressOf('carol enclave'))
    const third = makeDelta(C, 2)
    await bob.store.putDelta(third.delta, addressOf('alice enclave'))
    chain.append(C, third.hash)
    chain.mine()
    await until('gone all the same', async () => !(await bob.store.hasDelta(C, 2, rival.deltaHash)))
  })

  it('follows the chain by itself, and lets rivals go once a delta is final', async () => {
    const alice = await makeNode('alice')
    const bob = await makeNode('bob')
    await until('connected', seesAll(bob.network, 1))
    const [chosen, rival] = [makeDelta(C, 0, 'chosen'), makeDelta(C, 0, 'rival')]
    await bob.store.putDelta(rival.delta, alice.network.peers()[0]!.signer)
    await alice.store.putDelta(chosen.delta, null)
    await alice.store.putBytecode(CODE, null)

    chain.deploy(C, codeHashOf(CODE))
    chain.append(C, chosen.hash)
    chain.mine()
    await until('fetched', () => bob.store.hasDelta(C, 0, chosen.hash))
    await until('rival gone', async () => !(await bob.store.hasDelta(C, 0, rival.hash)))
  })

  it('says how many contracts are incomplete, at any time', async () => {
    const alice = await makeNode('alice')
    const bob = await makeNode('bob', { retryMs: 20 })
    await until('connected', seesAll(bob.network, 1))
    await history(2, [alice.store])
    chain.mine()
    expect(bob.sync.incomplete()).to.equal(1)
    await until('whole', () => bob.sync.incomplete() === 0)
    await history(2, [], D)
    chain.mine()
    await new Promise(resolve => setTimeout(resolve, 200)) // several rounds
    expect(bob.sync.incomplete()).to.equal(1)
  })

  it('says so at once when a look brought what an earlier one had not', async () => {
    const alice = await makeNode('alice', { retryMs: 60_000 })
    await history(2, [])
    chain.mine()
    expect((await alice.sync.syncAll(undefined, AbortSignal.timeout(100))).done).to.equal(0)
    expect(alice.sync.incomplete()).to.equal(1)
    for (const index of [0, 1]) await alice.store.putDelta(makeDelta(C, index).delta, null)
    await alice.store.putBytecode(CODE, null)
    expect((await alice.sync.syncAll()).done).to.equal(1)
    expect(alice.sync.incomplete()).to.equal(0)
  })

  it('lets go at first what a reorg took away while it was not there', async () => {
    let now = 0
    const { store } = await disks.content({ candidateMs: 100 }, () => now)
    const { delta, hash } = makeDelta(C, 0)
    await store.putDelta(delta, null) // as the chain had it
    const alice = await makeNode('alice', { store })
    for (let i = 0; i < 2; i++) {
      await alice.sync.tidy()
      now += 101
    }
    await alice.sync.tidy()
    expect(await store.hasDelta(C, 0, hash)).to.equal(false)
  })

  it('lets the code of a deployment go that a reorg took away, and keeps it if another contract has it', async () => {
    let now = 0
    const { store } = await disks.content({ candidateMs: 100 }, () => now)
    const alice = await makeNode('alice', { store, graceMs: 1 })
    const [kept, gone] = [utf8('kept'), utf8('gone')]
    for (const code of [kept, gone]) await store.putBytecode(code, null)
    chain.deploy(C, codeHashOf(kept))
    chain.mine()
    const before = chain.head().number
    chain.deploy(D, codeHashOf(gone))
    chain.mine()
    await until('whole', () => alice.sync.incomplete() === 0)
    chain.rollback(before)
    chain.mine()
    now += 101
    await alice.sync.tidy()
    now += 101
    await alice.sync.tidy()
    expect(await store.getBytecode(codeHashOf(kept))).to.deep.equal(kept)
    expect(await store.getBytecode(codeHashOf(gone))).to.equal(null)
  })

  it('fetches again what was damaged on disk', async () => {
    const alice = await makeNode('alice')
    const [hash] = await history(1, [alice.store])
    const { db, store } = await disks.content()
    const network = await makeNetwork(chain, 'bob', { bootstrap })
    const sync = new PeerDeltaSync({ network, chain, store, log: quiet })
    await running.start(network)
    await running.start(sync)
    await sync.ensure(C, 0)
    await db.sublevel<string, Uint8Array>('delta', { valueEncoding: 'view' }).clear()
    expect((await sync.deltas(C, 0, 1)).map(keccak256)).to.deep.equal([hash])
  })
})
