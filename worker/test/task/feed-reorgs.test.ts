import { expect } from 'chai'
import {
  ZERO_ADDRESS,
  ZERO_HASH,
  codeHashOf,
  deltaHashOf,
  enclaveCodecs,
  nextHead,
  utf8,
  type Hash,
  type RevertStateRequest,
  type StateTip
} from '@enigma/protocol'
import type { Enclave } from '../../src/enclave/enclave.ts'
import { WorkerError } from '../../src/errors.ts'
import type { Peer, PeerNetwork } from '../../src/net/peer-network.ts'
import { createStatusBoard, type StatusBoard } from '../../src/ops/status-board.ts'
import type { LevelContentStore } from '../../src/sync/content-store.ts'
import { PeerDeltaSync } from '../../src/sync/delta-sync.ts'
import { createEnclaveFeed, type EnclaveFeed } from '../../src/task/feed.ts'
import { noSnapshots } from '../../src/task/snapshot-loader.ts'
import { MemoryChain, addressOf, asScAddr, hashOf } from '../memory-chain.ts'
import { Running, quiet } from '../net/network-kit.ts'
import { Disks, makeDelta } from '../sync/sync-kit.ts'

const C = asScAddr('contract')
const CODE = utf8('the bytecode')
const CONFIRMATIONS = 24
const HISTORY = 300
const signal = new AbortController().signal

/** An enclave whose state is the list of heads that it came through; the last `held` of them it can go back to. */
class MemoryEnclave {
  heads: Hash[] = [ZERO_HASH]
  held = 64 * CONFIRMATIONS
  applied = 0
  readonly calls: string[] = []
  readonly generation = 1

  get tip(): StateTip {
    return { hasKey: true, deltaCount: this.heads.length - 1, headHash: this.heads.at(-1)! }
  }

  call(method: string, request: unknown): Promise<unknown> {
    this.calls.push(method)
    return Promise.resolve().then(() => {
      if (method === 'applyDeltas') this.#apply((request as { deltas: Uint8Array[] }).deltas)
      if (method === 'revertState') this.#revert(request as RevertStateRequest)
      if (method === 'dropState') this.heads = [ZERO_HASH]
      return this.tip
    })
  }

  #apply(deltas: readonly Uint8Array[]): void {
    this.applied += deltas.length
    for (const delta of deltas) this.heads.push(nextHead(this.heads.at(-1)!, deltaHashOf(delta)))
  }

  #revert(request: RevertStateRequest): void {
    const { deltaCount, heads } = enclaveCodecs.revertState.request.decode(
      enclaveCodecs.revertState.request.encode(request)
    )
    const lowest = Math.max(0, this.tip.deltaCount - this.held)
    const at = heads.findIndex((head, i) => deltaCount - i >= lowest && this.heads[deltaCount - i] === head)
    if (at === -1) {
      const facts = { code: 'ENCLAVE_REFUSED', method: 'revertState', reason: 'ENCLAVE_POINT_UNKNOWN' } as const
      throw new WorkerError(facts, 'No such point is held.')
    }
    this.heads.length = deltaCount - at + 1
  }
}

describe('task/feed: a chain that is reorganised', () => {
  const disks = new Disks()
  const running = new Running()
  let chain: MemoryChain
  let store: LevelContentStore
  let enclave: MemoryEnclave
  let board: StatusBoard
  let feed: EnclaveFeed
  let asked: string[]
  let salt: number

  beforeEach(async () => {
    chain = new MemoryChain({ confirmations: CONFIRMATIONS })
    chain.register('peer')
    chain.deploy(C, codeHashOf(CODE))
    store = (await disks.content()).store
    await store.putBytecode(CODE, null)
    enclave = new MemoryEnclave()
    board = createStatusBoard()
    asked = []
    salt = 0
    const peer: Peer = {
      peerId: 'peer',
      role: 'worker',
      operator: addressOf('peer'),
      signer: addressOf('peer enclave'),
      addresses: []
    }
    const network: Partial<PeerNetwork> = {
      peers: () => [peer],
      handle: () => undefined,
      handleLine: () => undefined,
      onPeer: () => () => undefined,
      line(_, protocol) {
        asked.push(protocol)
        return Promise.reject(new Error('nothing is to be fetched'))
      }
    }
    const sync = new PeerDeltaSync({ network: network as PeerNetwork, chain, store, log: quiet })
    await running.start(sync)
    feed = createEnclaveFeed(chain, enclave as unknown as Enclave, store, sync, noSnapshots, board)
  })
  afterEach(async () => {
    await running.stop()
    await disks.clear()
  })

  /** One delta a block, each of a run of this worker's own, so on its disk before the chain has it. */
  async function grow(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const index = chain.contract(C)!.deltaCount
      const { delta, hash } = makeDelta(C, index, `${index < HISTORY - 40 ? 0 : (salt += 1)}`)
      await store.putDelta(delta, ZERO_ADDRESS)
      chain.append(C, hash)
    }
  }
  const bring = (deltaCount = chain.contract(C)!.deltaCount) => feed.bring(C, codeHashOf(CODE), deltaCount, signal)
  const reorg = (depth: number): void => chain.rollback(chain.head().number - depth)
  const tipOfChain = () => {
    const { deltaCount, headHash } = chain.contract(C)!
    return { deltaCount, headHash }
  }

  it('of 1 to CONF blocks: only the deltas of the new branch are applied, and nothing is fetched', async () => {
    await grow(HISTORY)
    await bring()
    let undone = 0
    for (let depth = 1; depth <= CONFIRMATIONS; depth++) {
      const branch = (depth * 7) % (depth + 3) // shorter than what it replaces, as long, or longer
      enclave.applied = 0
      reorg(depth)
      await grow(branch)
      await bring()
      expect(enclave.applied, `depth ${depth}`).to.equal(branch)
      expect(enclave.tip, `depth ${depth}`).to.include(tipOfChain())
      undone += depth
      await grow(Math.max(0, HISTORY - tipOfChain().deltaCount)) // as long as before
      await bring()
    }
    expect(enclave.calls).not.to.include('dropState')
    expect(asked).to.deep.equal([])
    const { states_reverted: reverted, states_dropped: dropped, deltas_undone } = board.snapshot().counters
    expect({ reverted, dropped, deltas_undone }).to.deep.equal({
      reverted: CONFIRMATIONS,
      dropped: undefined,
      deltas_undone: undone
    })
  })

  it('asks once for the point, and names no more heads than a call takes', async () => {
    for (let i = 0; i < 1600; i++) chain.append(C, hashOf(`delta ${i}`))
    enclave.heads.push(...chain.contract(C)!.steps.map(step => step.headHash))
    reorg(5)
    await grow(2)
    await bring()
    expect(enclave.calls).to.deep.equal(['loadCode', 'stateTip', 'revertState', 'applyDeltas'])
    expect(enclave.tip).to.include(tipOfChain())
  })

  it('goes to the place of an older view of the new chain', async () => {
    await grow(HISTORY)
    await bring()
    reorg(3)
    await grow(4)
    await bring(HISTORY - 5)
    expect(enclave.tip).to.include({
      deltaCount: HISTORY - 5,
      headHash: chain.contract(C)!.steps[HISTORY - 6]!.headHash
    })
    enclave.applied = 0
    await bring()
    expect(enclave.applied).to.equal(6)
    expect(enclave.tip).to.include(tipOfChain())
  })

  it('goes back before the deployment, which comes again', async () => {
    await grow(2)
    await bring()
    reorg(3)
    chain.mine()
    await bring(0)
    expect(enclave.tip.deltaCount).to.equal(0)
    chain.deploy(C, codeHashOf(CODE))
    await grow(1)
    await bring()
    expect(enclave.tip).to.include(tipOfChain())
    expect(enclave.calls).not.to.include('dropState')
  })

  it('deeper than what the enclave holds: drops the state and replays from its own disk', async () => {
    await grow(HISTORY)
    await bring()
    enclave.held = 9
    enclave.applied = 0
    reorg(10)
    await grow(12)
    await bring()
    expect(enclave.applied).to.equal(HISTORY + 2)
    expect(enclave.tip).to.include(tipOfChain())
    expect(asked).to.deep.equal([])
    expect(board.snapshot().counters).to.include({ states_dropped: 1 }).and.not.to.have.property('states_reverted')
  })

  it('work at an older place of the same chain: goes back to it, and forth again, without a replay', async () => {
    await grow(HISTORY)
    await bring()
    enclave.applied = 0
    const place = HISTORY - 7
    const seen = await feed.at(C, codeHashOf(CODE), place, signal, () => Promise.resolve(enclave.tip))
    expect(seen).to.include({ deltaCount: place, headHash: chain.contract(C)!.steps[place - 1]!.headHash })
    await bring()
    expect(enclave.applied).to.equal(7)
    expect(enclave.tip).to.include(tipOfChain())
  })

  it('passes on what else the enclave says, and leaves its state alone', async () => {
    await grow(3)
    await bring()
    reorg(1)
    enclave.heads.push(hashOf('beyond'))
    const facts = { code: 'ENCLAVE_REFUSED', method: 'revertState', reason: 'ENCLAVE_BUSY' } as const
    const call = enclave.call.bind(enclave)
    enclave.call = (method, request) =>
      method === 'revertState' ? Promise.reject(new WorkerError(facts, 'Busy.')) : call(method, request)
    const failure: unknown = await bring().catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(WorkerError).with.property('facts', facts)
    expect(enclave.calls).not.to.include('dropState')
  })
}).timeout(30_000)
