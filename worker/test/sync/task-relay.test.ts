import { expect } from 'chai'
import {
  TaskKind,
  TaskStatus,
  ZERO_ADDRESS,
  ZERO_HASH,
  codeHashOf,
  inputHashOf,
  keccak256,
  sealEnvelope,
  signDigest,
  typedDigest,
  utf8,
  x25519Pair,
  type Address,
  type EnvelopeTarget,
  type Receipt,
  type ReleasedResult,
  type SeatStatus,
  type TaskId
} from '@enigma/protocol'
import { WorkerError } from '../../src/errors.ts'
import { relayCalls, serve, type CallHandlers } from '../../src/net/calls.ts'
import { decidingCode } from '../../src/net/errors.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { ResultCache } from '../../src/sync/result-cache.ts'
import { PeerTaskRelay, type TaskRelayInit } from '../../src/sync/task-relay.ts'
import { Results } from '../../src/sync/results.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf, keyOf } from '../memory-chain.ts'
import { receiptWith } from '../receipts.ts'
import { Running, makeNetwork, quiet, seesAll, until, type NodeOptions } from '../net/network-kit.ts'
import { Disks } from './sync-kit.ts'

const C = asScAddr('contract')
const CODE = utf8('the bytecode')
const TASK = asTaskId('task')
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', decidingCode)

/** A task machine in memory: stores what it is told to store, and says what it is told to say. */
class MemoryTasks {
  readonly stored: { envelope: Uint8Array; bytecode: Uint8Array | null }[] = []
  readonly statuses = new Map<TaskId, SeatStatus>()
  readonly results = new Map<TaskId, ReleasedResult>()
  refuse: (() => Error) | null = null
  readonly #signer: Address
  constructor(signer: Address) {
    this.#signer = signer
  }
  storeEnvelope(envelope: Uint8Array, bytecode: Uint8Array | null): Promise<Address> {
    if (this.refuse) return Promise.reject(this.refuse())
    this.stored.push({ envelope, bytecode })
    return Promise.resolve(this.#signer)
  }
  #released = new Set<(taskId: TaskId) => void>()
  onReleased = (listener: (taskId: TaskId) => void): (() => void) => {
    this.#released.add(listener)
    return () => void this.#released.delete(listener)
  }
  release(taskId: TaskId, result: ReleasedResult): void {
    this.results.set(taskId, result)
    for (const listener of this.#released) listener(taskId)
  }
  seatStatus = (taskId: TaskId): SeatStatus | null => this.statuses.get(taskId) ?? null
  releasedResult = (taskId: TaskId): Promise<ReleasedResult | null> => Promise.resolve(this.results.get(taskId) ?? null)
}

interface Node {
  readonly name: string
  readonly network: Libp2pNetwork
  readonly tasks: MemoryTasks
  readonly relay: PeerTaskRelay
  readonly results: Results
}

describe('sync/task-relay', () => {
  const running = new Running()
  const disks = new Disks()
  let chain: MemoryChain
  let bootstrap: readonly string[]

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol', 'entry', 'hub']) chain.register(name)
    // This mix gives the contract's three seats to three workers.
    for (let i = 0; ; i++) {
      chain.startEpoch(['alice', 'bob', 'carol'], hashOf(`mix ${i}`))
      if (new Set(chain.seats(chain.currentEpoch()!.epoch, C).map(leaf => leaf.signer)).size === 3) break
    }
    chain.deploy(C, codeHashOf(CODE))
    bootstrap = []
  })
  afterEach(async () => {
    await running.stop()
    await disks.clear()
  })

  async function makeNode(
    name: string,
    options: Partial<TaskRelayInit> = {},
    limits: NodeOptions['limits'] = {}
  ): Promise<Node> {
    const signer = addressOf(`${name} enclave`)
    const network = await makeNetwork(chain, name, { bootstrap, limits })
    const tasks = new MemoryTasks(signer)
    const cache = await ResultCache.open((await disks.database()).db)
    const results = new Results({ network, chain, tasks, cache, log: quiet, aheadMs: 1_000 })
    const relay = new PeerTaskRelay({
      network,
      chain,
      tasks,
      results,
      signer: () => signer,
      log: quiet,
      slowestMs: 200,
      ...options
    })
    await running.start(network)
    await running.start(relay)
    await running.start({
      start: () => Promise.resolve(results.start()),
      stop: () => Promise.resolve(results.stop())
    })
    if (bootstrap.length === 0) bootstrap = network.multiaddrs()
    return { name, network, tasks, relay, results }
  }
  async function makeNodes(...names: string[]): Promise<Node[]> {
    const nodes: Node[] = []
    for (const name of names) nodes.push(await makeNode(name))
    for (const { network } of nodes) await until('connected', seesAll(network, names.length - 1))
    return nodes
  }
  async function hostileSeat(name: string, handlers: Partial<CallHandlers<typeof relayCalls>>): Promise<Libp2pNetwork> {
    const network = await makeNetwork(chain, name, { bootstrap })
    const never = (): Promise<never> => new Promise(() => {})
    serve(network, relayCalls, { deliver: never, status: never, result: never, ...handlers })
    await running.start(network)
    return network
  }

  const epoch = (): number => chain.currentEpoch()!.epoch
  const input = (target: Partial<EnvelopeTarget> = {}): Uint8Array => {
    const { chainId, enigma } = chain.facts
    const full: EnvelopeTarget = {
      chainId,
      enigma,
      kind: TaskKind.compute,
      scAddr: C,
      codeHash: ZERO_HASH,
      sender: addressOf('user'),
      epoch: epoch(),
      ...target
    }
    const recipients = ['alice', 'bob', 'carol'].map(name => ({
      signer: addressOf(`${name} enclave`),
      key: x25519Pair(keyOf(`${name} epoch key`)).publicKey
    }))
    return sealEnvelope(full, recipients, utf8('call data')).envelope
  }
  const notForSeat = (): Error =>
    new WorkerError({ code: 'INPUT_NOT_FOR_SEAT', inputHash: ZERO_HASH }, 'The input has no wrap for this seat.')

  describe('deliver', () => {
    it('brings an input to every seat holder, over the network and in process', async () => {
      const [alice, bob, carol, entry] = await makeNodes('alice', 'bob', 'carol', 'entry')
      const envelope = input()
      const { stored } = await entry!.relay.deliver(envelope)
      const seats = [alice!, bob!, carol!]
      expect([...stored].sort()).to.deep.equal(seats.map(node => addressOf(`${node.name} enclave`)).sort())
      for (const { tasks } of seats) expect(tasks.stored).to.deep.equal([{ envelope, bytecode: null }])
      expect(entry!.tasks.stored).to.be.empty

      await alice!.relay.deliver(envelope) // a seat holder as entry worker
      for (const { tasks } of seats) expect(tasks.stored).to.have.lengthOf(2)
    })

    it('brings it to a seat holder that it is not connected to: the DHT says where it is', async () => {
      const limits = { wantedPeers: 1, findPeersEveryMs: 60_000 }
      const hub = await makeNode('hub')
      const bob = await makeNode('bob', {}, limits)
      await until('bob sees the hub', seesAll(bob.network, 1))
      await until('told', async () => (await bob.network.present(addressOf('bob enclave'), AbortSignal.timeout(5_000))) > 0) // prettier-ignore
      const entry = await makeNode('entry', {}, limits)
      await until('the entry worker sees the hub', () => seesAll(entry.network, 1)() && seesAll(hub.network, 2)())
      await until('its DHT is ready', async () => (await entry.network.provide(C, AbortSignal.timeout(5_000))) > 0)
      expect((await entry.relay.deliver(input())).stored).to.deep.equal([addressOf('bob enclave')])
      expect(bob.tasks.stored).to.have.lengthOf(1)
    })

    it('brings it to a seat holder that was away as soon as it is back: else it could not take over', async () => {
      const [entry] = await makeNodes('entry', 'alice')
      const envelope = input()
      expect((await entry!.relay.deliver(envelope)).stored).to.deep.equal([addressOf('alice enclave')])
      const carol = await makeNode('carol')
      await until('carol has it', () => carol.tasks.stored.length === 1)
      expect(carol.tasks.stored[0]!.envelope).to.deep.equal(envelope)
    })

    it('brings the bytecode of a deployment with it', async () => {
      const [alice, , carol] = await makeNodes('alice', 'bob', 'carol')
      const envelope = input({ kind: TaskKind.deploy, codeHash: codeHashOf(CODE) })
      await alice!.relay.deliver(envelope, CODE)
      expect(carol!.tasks.stored[0]!.bytecode).to.deep.equal(CODE)
    })

    it('is content with one seat, and says which stored it', async () => {
      const [, bob, entry] = await makeNodes('alice', 'bob', 'entry')
      bob!.tasks.refuse = notForSeat
      expect((await entry!.relay.deliver(input())).stored).to.deep.equal([addressOf('alice enclave')])
    })

    it('does not wait for a seat that stays silent', async () => {
      await makeNodes('alice')
      const entry = await makeNode('entry', { deliverTimeoutMs: 600_000 }) // longer than this test may take
      let waiting = false
      await hostileSeat('bob', {
        deliver(_request, _from, signal) {
          waiting = true
          signal.addEventListener('abort', () => (waiting = false))
          return new Promise(() => {})
        }
      })
      await until('connected', seesAll(entry.network, 2))
      expect((await entry.relay.deliver(input())).stored).to.deep.equal([addressOf('alice enclave')])
      expect(waiting, 'it is asked still').to.equal(true)
    })

    it('names the most telling reason when no seat stored it', async () => {
      const [alice, bob, carol, entry] = await makeNodes('alice', 'bob', 'carol', 'entry')
      const seats = [alice!, bob!, carol!]
      for (const { tasks } of seats) tasks.refuse = notForSeat
      expect(await codeOf(entry!.relay.deliver(input()))).to.equal('INPUT_NOT_FOR_SEAT')

      bob!.tasks.refuse = () =>
        new WorkerError({ code: 'ENVELOPE_QUOTA', sender: ZERO_ADDRESS, limit: 64 }, 'Too many.')
      expect(await codeOf(entry!.relay.deliver(input()))).to.equal('ENVELOPE_QUOTA')
      bob!.tasks.refuse = () => new Error('disk on fire')
      expect(await codeOf(entry!.relay.deliver(input()))).to.equal('NO_SEAT_REACHABLE')
    })

    it('says so when no seat holder is connected', async () => {
      const [entry] = await makeNodes('entry')
      expect(await codeOf(entry!.relay.deliver(input()))).to.equal('NO_SEAT_REACHABLE')
    })

    it('does not count a seat that answers with the name of another', async () => {
      const [entry] = await makeNodes('entry')
      await hostileSeat('alice', { deliver: () => Promise.resolve({ signer: addressOf('bob enclave') }) })
      await until('connected', seesAll(entry!.network, 1))
      expect(await codeOf(entry!.relay.deliver(input()))).to.equal('NO_SEAT_REACHABLE')
    })

    it('refuses what could never be recorded, before a seat is asked', async () => {
      const [alice] = await makeNodes('alice')
      const deliver = (envelope: Uint8Array, bytecode?: Uint8Array): Promise<string> =>
        codeOf(alice!.relay.deliver(envelope, bytecode))
      const codeHash = codeHashOf(CODE)
      expect(await deliver(utf8('no envelope'))).to.equal('ENVELOPE_MALFORMED')
      expect(await deliver(input({ chainId: 1n }))).to.equal('ENVELOPE_MALFORMED')
      expect(await deliver(input({ enigma: addressOf('other') }))).to.equal('ENVELOPE_MALFORMED')
      expect(await deliver(input({ kind: TaskKind.query }))).to.equal('ENVELOPE_MALFORMED')
      expect(await deliver(input(), CODE)).to.equal('ENVELOPE_MALFORMED')
      expect(await deliver(input({ kind: TaskKind.deploy, codeHash }))).to.equal('ENVELOPE_MALFORMED')
      expect(await deliver(input({ kind: TaskKind.deploy, codeHash }), utf8('other'))).to.equal('BYTECODE_MISMATCH')
      expect(await deliver(input({ scAddr: asScAddr('nowhere') }))).to.equal('SC_UNKNOWN')
      expect(await deliver(input({ epoch: epoch() + 1 }))).to.equal('EPOCH_STALE')
      const old = input()
      chain.startEpoch(['alice'])
      expect(await deliver(old)).to.equal('none') // still in its grace
      chain.mine(chain.facts.grace + 1)
      expect(await deliver(old)).to.equal('EPOCH_STALE')
      expect(alice!.tasks.stored.map(({ envelope }) => envelope)).to.deep.equal([old])
    })
  })

  describe('word of the seats', () => {
    function recordTask(): Uint8Array {
      const envelope = input()
      chain.record({ taskId: TASK, scAddr: C, inputHash: inputHashOf(envelope) })
      return envelope
    }
    function statusOf(name: string, signedBy = name): SeatStatus {
      const { inputHash, recordBlock } = chain.task(TASK)!
      const digest = typedDigest(chain.facts, 'TaskAccepted', { taskId: TASK, inputHash, recordBlock })
      const signature = signDigest(digest, keyOf(`${signedBy} enclave`))
      return { stage: 'accepted', signer: addressOf(`${name} enclave`), accepted: { recordBlock, signature } }
    }

    it('collects what the seats say, each with its own signature', async () => {
      const [alice, bob, entry] = await makeNodes('alice', 'bob', 'entry')
      expect(await entry!.relay.seatStatuses(TASK)).to.deep.equal([])
      recordTask()
      alice!.tasks.statuses.set(TASK, statusOf('alice'))
      bob!.tasks.statuses.set(TASK, statusOf('bob', 'alice'))
      expect(await entry!.relay.seatStatuses(TASK)).to.deep.equal([statusOf('alice')])
      expect(await alice!.relay.seatStatuses(TASK)).to.deep.equal([statusOf('alice')])
    })
  })

  describe('clients that ask without end', () => {
    const FLOOD = 1_500 // far above what a seat answers one peer at once
    const ids = Array.from({ length: FLOOD }, (_, i) => asTaskId(`task ${i}`))
    function recordAll(): void {
      for (const taskId of ids) {
        chain.record({ taskId, scAddr: C, inputHash: ZERO_HASH })
        chain.settle(taskId, { status: TaskStatus.ReceiptVerified, digest: hashOf('receipt'), outputHash: hashOf('output') }) // prettier-ignore
      }
      chain.mine(chain.facts.confirmations)
    }

    it('do not use up what the seats take of this worker: inputs of others still reach them', async () => {
      const [alice, entry] = await makeNodes('alice', 'entry')
      recordAll()
      let isOver = false
      async function flood(): Promise<void> {
        for (let next = 0; !isOver; next += 100) {
          const some = Array.from({ length: 100 }, (_, i) => ids[(next + i) % FLOOD]!)
          await Promise.all(some.flatMap(taskId => [entry!.relay.seatStatuses(taskId), entry!.relay.result(taskId)]))
        }
      }
      const floods = [flood(), flood()]
      try {
        const codes: string[] = []
        for (let i = 0; i < 40; i++) codes.push(await codeOf(entry!.relay.deliver(input())))
        expect(codes).to.deep.equal(Array(40).fill('none'))
        expect(alice!.tasks.stored).to.have.lengthOf(40)
      } finally {
        isOver = true
        await Promise.all(floods)
      }
    })

    it('share one look at a task', async () => {
      const entry = await makeNode('entry')
      let looks = [0, 0]
      await hostileSeat('alice', {
        status: () => {
          looks[0]! += 1
          return Promise.resolve({ seat: null })
        },
        result: () => Promise.reject(new Error(`none, look ${(looks[1]! += 1)}`))
      })
      await until('connected', seesAll(entry.network, 1))
      recordAll()
      await Promise.all(ids.flatMap(() => [entry.relay.seatStatuses(ids[0]!), entry.relay.result(ids[0]!)]))
      expect(looks).to.deep.equal([1, 1])
      looks = [0, 0]
      await until('it is looked again after a while', async () => {
        await Promise.all([entry.relay.seatStatuses(ids[0]!), entry.relay.result(ids[0]!)])
        return looks[0]! > 0 && looks[1]! > 0
      })
    })
  })

  describe('result', () => {
    const RESULT = utf8('ciphertext of the output')
    function receiptOf(overrides: Partial<Receipt> = {}): Receipt {
      return receiptWith({
        taskId: TASK,
        scAddr: C,
        codeHash: codeHashOf(CODE),
        outputHash: keccak256(RESULT),
        ...overrides
      })
    }
    const digestOf = (receipt: Receipt) => typedDigest(chain.facts, 'Receipt', receipt)
    function released(receipt = receiptOf(), name = 'alice', result = RESULT): ReleasedResult {
      const signature = signDigest(digestOf(receipt), keyOf(`${name} enclave`))
      return { receipt, signature, result, log: Uint8Array.of(1), trace: Uint8Array.of(2) }
    }
    function settle(status: number = TaskStatus.ReceiptVerified): void {
      chain.record({ taskId: TASK, scAddr: C, inputHash: ZERO_HASH })
      chain.settle(TASK, { status, digest: digestOf(receiptOf()), outputHash: keccak256(RESULT) })
    }

    it('comes from any seat to any worker, which then has it itself', async () => {
      const [alice, entry, carol] = await makeNodes('alice', 'entry', 'carol')
      alice!.tasks.results.set(TASK, released())
      expect(await entry!.relay.result(TASK)).to.equal(null) // not on chain yet
      settle()
      expect(await entry!.relay.result(TASK)).to.deep.equal(released())
      await alice!.network.stop()
      expect(await entry!.relay.result(TASK)).to.deep.equal(released())
      await until('alice gone', seesAll(carol!.network, 1))
      expect(await carol!.relay.result(TASK)).to.deep.equal(released()) // from the entry worker, which kept it
    })

    it('is not shown before its receipt has CONF confirmations, and never after a returned fee', async () => {
      chain = Object.assign(chain, { facts: { ...chain.facts, confirmations: 3 } })
      const [alice] = await makeNodes('alice')
      alice!.tasks.results.set(TASK, released())
      settle()
      expect(await alice!.relay.result(TASK)).to.equal(null)
      chain.mine(2)
      expect(await alice!.relay.result(TASK)).to.deep.equal(released())
      chain.settle(TASK, { status: TaskStatus.ReceiptFailedReturn })
      chain.mine(5)
      expect(await alice!.relay.result(TASK)).to.equal(null) // kept, but no longer true
    })

    const attacks: Record<string, () => ReleasedResult> = {
      'another ciphertext': () => released(receiptOf(), 'alice', utf8('something else')),
      'a receipt that the chain did not accept': () => released(receiptOf({ gasUsed: 1n })),
      'the receipt of another task': () => released(receiptOf({ taskId: asTaskId('other') })),
      'a signature of an enclave without a seat': () => released(receiptOf(), 'entry'),
      'no signature at all': () => ({ ...released(), signature: new Uint8Array(65) })
    }
    for (const [what, make] of Object.entries(attacks)) {
      it(`is not taken with ${what}, and an honest seat still gives it`, async () => {
        const [alice, entry] = await makeNodes('alice', 'entry')
        await hostileSeat('bob', { result: () => Promise.resolve(make()) })
        await until('connected', seesAll(entry!.network, 2))
        settle()
        expect(await entry!.relay.result(TASK)).to.equal(null)
        alice!.tasks.results.set(TASK, released())
        expect(await entry!.relay.result(TASK)).to.deep.equal(released())
      })
    }

    it('keeps a bounded number of results on disk, the newest', async () => {
      const { db } = await disks.database()
      const cache = await ResultCache.open(db, 2)
      const ids = ['a', 'b', 'c'].map(asTaskId)
      for (const id of ids) await cache.put(id, released())
      await cache.put(ids[2]!, released())
      const again = await ResultCache.open(db, 2)
      expect((await Promise.all(ids.map(id => again.get(id)))).map(found => found !== null)).to.deep.equal([
        false,
        true,
        true
      ])
      await again.put(ids[0]!, released())
      expect(await again.get(ids[1]!)).to.equal(null)
    })
  })
})
