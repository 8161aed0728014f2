import { expect } from 'chai'
import {
  SNAPSHOT_PART_BYTES,
  ZERO_HASH,
  codeHashOf,
  keccak256,
  nextHead,
  signDigest,
  signedSnapshot,
  typedDigest,
  utf8,
  type ScAddr,
  type SignedSnapshot,
  type StateTip
} from '@enigma/protocol'
import type { Enclave } from '../../src/enclave/enclave.ts'
import { ask, serve, snapshotCalls } from '../../src/net/calls.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { createStatusBoard, type StatusBoard } from '../../src/ops/status-board.ts'
import { SnapshotStore } from '../../src/sync/snapshot-store.ts'
import { Snapshots } from '../../src/sync/snapshots.ts'
import { createEnclaveFeed } from '../../src/task/feed.ts'
import { createSnapshotLoader, noSnapshots } from '../../src/task/snapshot-loader.ts'
import { startSnapshotMaker } from '../../src/task/snapshot-maker.ts'
import { MemoryChain, addressOf, asScAddr, hashOf, keyOf } from '../memory-chain.ts'
import { Running, makeNetwork, quiet, seesAll, until } from '../net/network-kit.ts'
import { Disks, makeDelta } from './sync-kit.ts'

const C = asScAddr('contract')
const CODE = utf8('the bytecode')
const signal = new AbortController().signal

describe('sync/snapshots', () => {
  const running = new Running()
  const disks = new Disks()
  let chain: MemoryChain
  let deltas: Uint8Array[]
  let bootstrap: readonly string[]
  let board: StatusBoard

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol', 'mallory']) chain.register(name)
    chain.startEpoch(['alice'])
    chain.deploy(C, codeHashOf(CODE))
    deltas = []
    bootstrap = []
    board = createStatusBoard()
    grow(100)
    chain.mine(30)
  })
  afterEach(async () => {
    await running.stop()
    await disks.clear()
  })

  function grow(count: number): void {
    for (let i = 0; i < count; i++) {
      const { delta, hash } = makeDelta(C, deltas.length)
      deltas.push(delta)
      chain.append(C, hash)
    }
  }

  const ciphertextOf = (deltaCount: number, bytes = 2 * SNAPSHOT_PART_BYTES + 5): Uint8Array =>
    new Uint8Array(bytes).fill(deltaCount)

  function snapshotAt(
    deltaCount: number,
    { by = 'alice', signedBy = by, ...changed }: { by?: string; signedBy?: string; headHash?: typeof ZERO_HASH } = {},
    ciphertext = ciphertextOf(deltaCount)
  ): SignedSnapshot {
    const headHash = changed.headHash ?? chain.contract(C)!.steps[deltaCount - 1]!.headHash
    const snapshot = { scAddr: C, deltaCount, headHash, contentHash: keccak256(ciphertext) }
    const signature = signDigest(typedDigest(chain.facts, 'Snapshot', snapshot), keyOf(`${signedBy} enclave`))
    const maker = chain.workerBySigner(addressOf(`${by} enclave`))?.attested
    const stranger = { ...chain.workerBySigner(addressOf('alice enclave'))!.attested }
    const report = { ...stranger.report, signer: addressOf(`${by} enclave`) }
    return { snapshot, generation: 0, bytes: ciphertext.length, signature, maker: maker ?? { ...stranger, report } }
  }

  async function makeNode(
    name: string
  ): Promise<{ network: Libp2pNetwork; store: SnapshotStore; snapshots: Snapshots }> {
    const network = await makeNetwork(chain, name, { bootstrap })
    const store = await SnapshotStore.open((await disks.database()).db)
    const snapshots = new Snapshots({ network, chain, store, log: quiet })
    await running.start(network)
    if (bootstrap.length === 0) bootstrap = network.multiaddrs()
    return { network, store, snapshots }
  }

  /** Offers this snapshot, and gives these bytes for it. */
  async function offer(name: string, signed: SignedSnapshot, ciphertext: Uint8Array): Promise<Libp2pNetwork> {
    const network = await makeNetwork(chain, name, { bootstrap })
    serve(network, snapshotCalls, {
      newest: () => Promise.resolve({ found: signed }),
      part: ({ offset }) => Promise.resolve({ part: ciphertext.slice(offset, offset + SNAPSHOT_PART_BYTES) })
    })
    await running.start(network)
    if (bootstrap.length === 0) bootstrap = network.multiaddrs()
    return network
  }

  /** An enclave whose state is its place in the history. */
  function memoryEnclave(): { enclave: Enclave; calls: string[]; tip: () => StateTip } {
    let tip: StateTip = { hasKey: true, deltaCount: 0, headHash: ZERO_HASH }
    const calls: string[] = []
    let gathered: Uint8Array[] = []
    const handlers: Record<string, (request: never) => unknown> = {
      stateTip: () => tip,
      dropState: () => (tip = { ...tip, deltaCount: 0, headHash: ZERO_HASH }),
      loadCode: () => ({}),
      applyDeltas({ deltas: given }: { deltas: Uint8Array[] }) {
        for (const delta of given) {
          tip = { ...tip, deltaCount: tip.deltaCount + 1, headHash: nextHead(tip.headHash, keccak256(delta)) }
        }
        return tip
      },
      loadSnapshotPart: ({ bytes }: { bytes: Uint8Array }) => void gathered.push(bytes),
      openSnapshot({ snapshot }: { snapshot: SignedSnapshot['snapshot'] }) {
        const whole = Buffer.concat(gathered)
        gathered = []
        if (keccak256(whole) !== snapshot.contentHash) throw new Error('refused')
        return (tip = { ...tip, deltaCount: snapshot.deltaCount, headHash: snapshot.headHash })
      },
      makeSnapshot() {
        const { snapshot, generation, signature, bytes } = snapshotAt(tip.deltaCount)
        return { snapshot, generation, signature, bytes }
      },
      snapshotPart: ({ offset }: { offset: number }) => ({
        bytes: ciphertextOf(tip.deltaCount).subarray(offset, offset + SNAPSHOT_PART_BYTES)
      })
    }
    const call = (method: string, request: never): Promise<unknown> => {
      calls.push(method)
      return Promise.resolve().then(() => handlers[method]!(request))
    }
    return { enclave: { generation: 1, call } as unknown as Enclave, calls, tip: () => tip }
  }

  const feedOf = (enclave: Enclave, loader: Parameters<typeof createEnclaveFeed>[4]) =>
    createEnclaveFeed(
      chain,
      enclave,
      { getBytecode: () => Promise.resolve(CODE) },
      {
        ensureBytecode: () => Promise.reject(new Error('not asked')),
        deltas: (_: ScAddr, from: number, to: number) => Promise.resolve(deltas.slice(from, to))
      },
      loader,
      board
    )
  const loaderOf = (enclave: Enclave, snapshots: Pick<Snapshots, 'best'>) =>
    createSnapshotLoader({ enclave, snapshots, worthDeltas: 32, board, log: quiet })

  it('spare a newcomer the replay of what is before them; it then serves them itself', async () => {
    const alice = await makeNode('alice')
    await alice.store.put(snapshotAt(60), ciphertextOf(60))
    await alice.store.put(snapshotAt(90), ciphertextOf(90))
    const bob = await makeNode('bob')
    await until('connected', seesAll(bob.network, 1))
    const { enclave, calls, tip } = memoryEnclave()
    await feedOf(enclave, loaderOf(enclave, bob.snapshots)).bring(C, codeHashOf(CODE), 100, signal)
    expect(tip()).to.include({ deltaCount: 100, headHash: chain.contract(C)!.headHash })
    expect(calls.filter(call => call === 'applyDeltas')).to.have.lengthOf(1)
    expect(board.snapshot().counters).to.deep.equal({ snapshots_loaded: 1, deltas_spared: 90, deltas_replayed: 10 })

    const found = await ask(alice.network, bob.network, snapshotCalls.newest, { scAddr: C, atMost: 100 })
    expect(found.found?.snapshot.deltaCount).to.equal(90)
    expect((await bob.snapshots.best(C, 0, 70, signal))?.signed.snapshot.deltaCount).to.equal(60) // for an older view
  })

  it('are not asked for where all is to be verified, or little is missing', async () => {
    const alice = await makeNode('alice')
    await alice.store.put(snapshotAt(90), ciphertextOf(90))
    const bob = await makeNode('bob')
    await until('connected', seesAll(bob.network, 1))
    const full = memoryEnclave()
    await feedOf(full.enclave, noSnapshots).bring(C, codeHashOf(CODE), 100, signal)
    expect(full.calls).not.to.include('openSnapshot')
    const little = memoryEnclave()
    const loader = loaderOf(little.enclave, bob.snapshots)
    await feedOf(little.enclave, noSnapshots).bring(C, codeHashOf(CODE), 80, signal)
    await feedOf(little.enclave, loader).bring(C, codeHashOf(CODE), 100, signal)
    expect(little.calls).not.to.include('openSnapshot')
    expect([full.tip().deltaCount, little.tip().deltaCount]).to.deep.equal([100, 100])
  })

  const attacks: Record<string, () => SignedSnapshot> = {
    'of a head that the chain does not have': () => snapshotAt(95, { headHash: hashOf('elsewhere') }),
    'that its maker did not sign': () => snapshotAt(95, { by: 'alice', signedBy: 'mallory' }),
    'whose maker is not registered': () => snapshotAt(95, { by: 'nobody' }),
    'of impossible size': () => ({ ...snapshotAt(95), bytes: 2 ** 31 }),
    'ahead of the view': () => ({ ...snapshotAt(95), snapshot: { ...snapshotAt(95).snapshot, deltaCount: 101 } })
  }
  for (const [what, make] of Object.entries(attacks)) {
    it(`are refused ${what}, and an older one of an honest worker is taken`, async () => {
      const alice = await makeNode('alice')
      await alice.store.put(snapshotAt(60), ciphertextOf(60))
      await offer('mallory', make(), ciphertextOf(95))
      const bob = await makeNode('bob')
      await until('connected', seesAll(bob.network, 2))
      expect((await bob.snapshots.best(C, 0, 100, signal))?.signed.snapshot.deltaCount).to.equal(60)
      expect(await bob.store.newest(C, 100)).to.deep.include({ bytes: ciphertextOf(60).length })
    })
  }

  it('are refused with other bytes than were signed, and their giver pays for it', async () => {
    const alice = await makeNode('alice')
    await alice.store.put(snapshotAt(60), ciphertextOf(60))
    await offer('mallory', snapshotAt(95), ciphertextOf(94))
    const bob = await makeNode('bob')
    await until('connected', seesAll(bob.network, 2))
    for (let i = 0; i < 3; i++) {
      expect((await bob.snapshots.best(C, 0, 100, signal))?.signed.snapshot.deltaCount).to.equal(60)
    }
    await until('mallory is sent away', seesAll(bob.network, 1))
  })

  it('are taken of a maker that renewed its evidence, with what the chain has of it now; nobody pays for the old one', async () => {
    const { maker, ...signed } = snapshotAt(60)
    const before = { report: { ...maker.report, nonce: 7 }, evidence: utf8('what it had then') }
    const alice = await makeNode('alice')
    await alice.store.put({ ...signed, maker: before }, ciphertextOf(60))
    const bob = await makeNode('bob')
    await until('connected', seesAll(bob.network, 1))
    for (const node of [bob, alice, bob]) {
      expect((await node.snapshots.best(C, 0, 100, signal))?.signed).to.deep.equal({ ...signed, maker })
    }
    expect(bob.network.peers()).to.have.lengthOf(1)
  })

  it('of a branch that the chain left are not offered, and stand in the way of no other; nobody pays for them', async () => {
    const alice = await makeNode('alice')
    await alice.store.put(snapshotAt(60), ciphertextOf(60))
    await alice.store.put(snapshotAt(90, { headHash: hashOf('the branch that was left') }), ciphertextOf(90))
    const bob = await makeNode('bob')
    await until('connected', seesAll(bob.network, 1))
    for (const node of [bob, bob, bob, alice]) {
      expect((await node.snapshots.best(C, 0, 100, signal))?.signed.snapshot.deltaCount).to.equal(60)
    }
    expect(bob.network.peers()).to.have.lengthOf(1)
  })

  it('that do not open are no loss: everything is replayed', async () => {
    const alice = await makeNode('alice')
    await alice.store.put(snapshotAt(90), ciphertextOf(90))
    const bob = await makeNode('bob')
    await until('connected', seesAll(bob.network, 1))
    const { enclave, tip } = memoryEnclave()
    const broken = {
      best: async (...args: Parameters<Snapshots['best']>) => {
        const found = await bob.snapshots.best(...args)
        return found && { ...found, ciphertext: ciphertextOf(1) }
      }
    }
    await feedOf(enclave, loaderOf(enclave, broken)).bring(C, codeHashOf(CODE), 100, signal)
    expect(tip().deltaCount).to.equal(100)
    expect(board.snapshot().counters).to.deep.equal({ snapshots_refused: 1, deltas_replayed: 100 })
  })

  it('are made by a seat every so many deltas, and kept', async () => {
    const alice = await makeNode('alice')
    const { enclave } = memoryEnclave()
    const feed = feedOf(enclave, noSnapshots)
    const views = {
      open: () => {
        const { codeHash, deltaCount, headHash } = chain.contract(C)!
        const view = { contracts: [{ scAddr: C, codeHash, deltaCount, headHash, tasks: [] }] }
        return Promise.resolve({ nonce: ZERO_HASH, view } as never)
      }
    }
    const making = { everyDeltas: 10, pauseMs: 10 }
    const init = { chain, enclave, views, feed, snapshots: alice.snapshots, board, log: quiet, ...making }
    const maker = startSnapshotMaker({ ...init, signer: addressOf('alice enclave') })
    const idle = startSnapshotMaker({ ...init, signer: addressOf('bob enclave') }) // holds no seat
    grow(1)
    await until('made', async () => (await alice.store.newest(C, 1_000))?.snapshot.deltaCount === 101)
    grow(9)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect((await alice.store.newest(C, 1_000))?.snapshot.deltaCount).to.equal(101)
    grow(1)
    await until('made again', async () => (await alice.store.newest(C, 1_000))?.snapshot.deltaCount === 111)
    expect(board.snapshot().counters['snapshots_made']).to.equal(2)
    expect(await alice.store.read((await alice.store.newest(C, 111))!)).to.deep.equal(ciphertextOf(111))
    await Promise.all([maker.stop(), idle.stop()])
  })

  it('are kept in bounds, over a restart too; what is damaged is not given', async () => {
    const { db } = await disks.database()
    const size = ciphertextOf(1).length
    const store = await SnapshotStore.open(db, { perContract: 2, maxBytes: 3 * size })
    for (const count of [10, 20, 30]) await store.put(snapshotAt(count), ciphertextOf(count))
    const again = await SnapshotStore.open(db, { perContract: 2, maxBytes: 3 * size })
    expect(await again.newest(C, 15)).to.equal(null)
    const newest = await again.newest(C, 100)
    expect(newest?.snapshot.deltaCount).to.equal(30)
    expect(await again.read(newest!)).to.deep.equal(ciphertextOf(30))
    expect(signedSnapshot.encode(newest!)).to.deep.equal(signedSnapshot.encode(snapshotAt(30)))
    await db.sublevel<string, Uint8Array>('snapshot-part', { valueEncoding: 'view' }).clear()
    expect(await again.read(newest!)).to.equal(null)
  })
})
