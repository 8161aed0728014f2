import { expect } from 'chai'
import {
  TaskStatus,
  ZERO_HASH,
  keccak256,
  releasedResult,
  signDigest,
  typedDigest,
  utf8,
  type Receipt,
  type ReleasedResult,
  type TaskId
} from '@enigma/protocol'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { ResultCache } from '../../src/sync/result-cache.ts'
import { Results } from '../../src/sync/results.ts'
import { Precedence } from '../../src/ops/precedence.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, keyOf } from '../memory-chain.ts'
import { receiptWith } from '../receipts.ts'
import { Running, makeNetwork, quiet, seesAll, until, type NodeOptions } from '../net/network-kit.ts'
import { Disks } from './sync-kit.ts'

const C = asScAddr('contract')
const TASK = asTaskId('task')
const RESULT = utf8('ciphertext of the output')

interface Node {
  readonly network: Libp2pNetwork
  readonly cache: ResultCache
  readonly precedence: Precedence
  readonly release: (taskId: TaskId, result: ReleasedResult) => void
}

describe('sync/results', () => {
  const running = new Running()
  const disks = new Disks()
  let chain: MemoryChain

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol', 'mallory']) chain.register(name)
    chain.startEpoch(['alice']) // who therefore holds every seat
    chain.deploy(C, ZERO_HASH)
  })
  afterEach(async () => {
    await running.stop()
    await disks.clear()
  })

  async function makeNode(name: string, options: NodeOptions = {}): Promise<Node> {
    const network = await makeNetwork(chain, name, options)
    const cache = await ResultCache.open((await disks.database()).db)
    const kept = new Map<TaskId, ReleasedResult>()
    let tell = (_: TaskId): void => undefined
    const tasks = {
      releasedResult: (taskId: TaskId) => Promise.resolve(kept.get(taskId) ?? null),
      onReleased(listener: (taskId: TaskId) => void) {
        tell = listener
        return () => undefined
      }
    }
    const precedence = new Precedence()
    const results = new Results({ network, chain, tasks, cache, precedence, log: quiet, aheadMs: 3_000 })
    await running.start(network)
    await running.start({
      start: () => Promise.resolve(results.start()),
      stop: () => Promise.resolve(results.stop())
    })
    const release = (taskId: TaskId, result: ReleasedResult): void => {
      kept.set(taskId, result)
      tell(taskId)
    }
    return { network, cache, precedence, release }
  }

  /** Alice knows bob, bob knows carol: what alice tells reaches carol through bob. */
  async function line(): Promise<[Node, Node, Node]> {
    const bob = await makeNode('bob')
    const limits = { wantedPeers: 1, findPeersEveryMs: 60_000 }
    const bootstrap = bob.network.multiaddrs()
    const alice = await makeNode('alice', { bootstrap, limits })
    const carol = await makeNode('carol', { bootstrap, limits })
    await until('connected', seesAll(bob.network, 2))
    return [alice, bob, carol]
  }

  function receiptOf(taskId = TASK, overrides: Partial<Receipt> = {}): Receipt {
    return receiptWith({ taskId, scAddr: C, outputHash: keccak256(RESULT), ...overrides })
  }
  const digestOf = (receipt: Receipt) => typedDigest(chain.facts, 'Receipt', receipt)
  function released(receipt = receiptOf(), name = 'alice', result = RESULT): ReleasedResult {
    return {
      receipt,
      signature: signDigest(digestOf(receipt), keyOf(`${name} enclave`)),
      result,
      log: new Uint8Array(),
      trace: new Uint8Array()
    }
  }
  function settle(taskId = TASK, receipt = receiptOf(taskId)): void {
    chain.record({ taskId, scAddr: C, inputHash: ZERO_HASH })
    const digest = digestOf(receipt)
    chain.settle(taskId, { status: TaskStatus.ReceiptVerified, digest, outputHash: keccak256(RESULT) })
    chain.mine()
  }
  const has =
    ({ cache }: Node, taskId = TASK) =>
    () =>
      cache.has(taskId)

  it('reach every worker, also through others, once the seat released them', async () => {
    const [alice, bob, carol] = await line()
    await until('they listen', () => alice.network.listeners() === 1 && bob.network.listeners() === 2)
    settle()
    alice.release(TASK, released())
    await until('told', () => has(bob)() && has(carol)())
    expect(await carol.cache.get(TASK)).to.deep.equal(released())
    expect(carol.network.peers().map(peer => peer.operator)).to.deep.equal([addressOf('bob')])
  })

  it('wait for receipts of the worker that are not on their way, but not for ever', async () => {
    const [alice, bob] = await line()
    await until('they listen', () => alice.network.listeners() === 1 && bob.network.listeners() === 2)
    let asked = 0
    bob.precedence.pressing = () => {
      if (asked++ === 0) expect(has(bob)(), 'taken at once').to.equal(false)
      return 1
    }
    settle()
    alice.release(TASK, released())
    await until('told all the same', has(bob))
    expect(asked).to.be.greaterThan(0)
  })

  it('wait for a chain that is a moment behind, and are forgotten if it never comes', async () => {
    const [alice, bob, carol] = await line()
    await until('they listen', () => alice.network.listeners() === 1 && bob.network.listeners() === 2)
    alice.release(TASK, released())
    alice.release(asTaskId('never'), released(receiptOf(asTaskId('never'))))
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(has(bob)()).to.equal(false)
    settle()
    await until('told', () => has(bob)() && has(carol)())
    expect(has(bob, asTaskId('never'))()).to.equal(false)
    expect(bob.network.peers()).to.have.lengthOf(2) // nobody is blamed
  })

  const attacks: Record<string, () => Uint8Array> = {
    'no result at all': () => utf8('x'.repeat(200)),
    'another ciphertext': () => releasedResult.encode(released(receiptOf(), 'alice', utf8('something else'))),
    'a receipt that the chain did not accept': () => releasedResult.encode(released(receiptOf(TASK, { gasUsed: 1n }))),
    'the signature of a worker without a seat': () => releasedResult.encode(released(receiptOf(), 'mallory')),
    'a task that is not on chain, unsigned': () =>
      releasedResult.encode({ ...released(receiptOf(asTaskId('x'))), signature: new Uint8Array(65) })
  }
  for (const [what, make] of Object.entries(attacks)) {
    it(`are not taken with ${what}, not passed on, and cost their teller its place`, async () => {
      const [alice, bob, carol] = await line()
      const bootstrap = bob.network.multiaddrs()
      const limits = { wantedPeers: 1, findPeersEveryMs: 60_000 }
      const mallory = await running.start(await makeNetwork(chain, 'mallory', { bootstrap, limits }))
      settle()
      chain.mine(30) // so deep that nobody honest may see it otherwise
      await until('mallory sees bob listen', () => mallory.listeners() === 1)
      const evil = make()
      const gone = (): boolean => !bob.network.peers().some(peer => peer.peerId === mallory.peerId)
      // Gossip may get lost on its way, so it is told until it is heard; each time a little different, since nobody listens twice.
      let told = 0
      await until('mallory is sent away', async () => {
        if (gone()) return true
        await mallory.publish(Uint8Array.of(...evil.subarray(0, evil.length - 1), evil.at(-1)! ^ (told++ % 256)))
        return false
      })
      expect([has(bob)(), has(carol)(), has(bob, asTaskId('x'))()]).to.deep.equal([false, false, false])

      alice.release(TASK, released())
      await until('the right one comes', () => has(bob)() && has(carol)())
      expect(bob.network.peers()).to.have.lengthOf(2)
    })
  }

  it('reach every worker again when a reorg made the task run again', async () => {
    const [alice, bob, carol] = await line()
    await until('they listen', () => alice.network.listeners() === 1 && bob.network.listeners() === 2)
    const before = chain.head().number
    settle()
    alice.release(TASK, released())
    await until('told', () => has(bob)() && has(carol)())
    chain.rollback(before)
    const again = receiptOf(TASK, { recordBlock: 77 })
    settle(TASK, again)
    alice.release(TASK, released(again))
    const knows = async ({ cache }: Node): Promise<boolean> => (await cache.get(TASK))?.receipt.recordBlock === 77
    await until('told again', async () => (await knows(bob)) && (await knows(carol)))
  })

  it('come to one that was registered after it connected', async () => {
    chain.unregister('carol')
    const alice = await makeNode('alice')
    const carol = await makeNode('carol', { bootstrap: alice.network.multiaddrs() })
    await until('carol sees alice', seesAll(carol.network, 1))
    await new Promise(resolve => setTimeout(resolve, 300))
    chain.register('carol')
    await until('alice sees carol', seesAll(alice.network, 1))
    await until('carol listens', () => alice.network.listeners() === 1 && carol.network.listeners() === 1)
    settle()
    alice.release(TASK, released())
    await until('told', has(carol))
  })
})
