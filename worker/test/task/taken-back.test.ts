import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  WINDOW_BLOCKS,
  deadlineOf,
  toHex,
  type Hash,
  type Hex,
  type ReleasedResult,
  type TaskId
} from '@enigma/protocol'
import { TxSender } from '../../src/chain/tx-sender.ts'
import { createTxStore } from '../../src/chain/tx-store.ts'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { createLogger } from '../../src/ops/log.ts'
import { Precedence } from '../../src/ops/precedence.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import { createCommitEffects } from '../../src/task/commit-effects.ts'
import { Committer } from '../../src/task/committer.ts'
import type { EffectParts, Effects, RunEffect } from '../../src/task/effect-types.ts'
import { EnvelopeStore } from '../../src/task/envelope-store.ts'
import type { TaskState } from '../../src/task/machine.ts'
import { TaskRunner } from '../../src/task/runner.ts'
import { createTaskStore } from '../../src/task/task-store.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf, keyOf } from '../memory-chain.ts'
import { receiptWith } from '../receipts.ts'
import { PoolChain, settledBy } from './pool-chain.ts'

const scAddr = asScAddr('contract')
const input = hashOf('input')
const log = createLogger({ write: () => undefined })

/** A worker's host with everything that brings receipts to the chain; its enclave runs in no time. */
class Host {
  readonly stages: TaskState['stage'][] = []
  /** Digests of the receipts whose outputs its enclave gave away. */
  readonly released: Hash[] = []
  runs = 0
  readonly #name: string
  readonly #pool: PoolChain
  readonly #db: Database
  #parts: { runner: TaskRunner; sender: TxSender; committer: Committer; unsubscribe: () => void } | null = null

  constructor(name: string, pool: PoolChain, db: Database) {
    this.#name = name
    this.#pool = pool
    this.#db = db
  }

  async start(): Promise<void> {
    const { chain } = this.#pool
    const precedence = new Precedence()
    const sender = new TxSender({
      rpc: this.#pool,
      store: createTxStore(this.#db),
      privateKey: toHex(keyOf(this.#name)),
      chainId: chain.facts.chainId,
      confirmations: chain.facts.confirmations,
      log
    })
    await sender.start()
    const unsubscribe = chain.subscribe(event => {
      if (event.type === 'head') void sender.onHead(event.head.number)
      else if (event.type === 'rollback') sender.onRollback(event.to)
    })
    const committer = new Committer({ chain, sender, precedence, log, gatherMs: 1 })
    const envelopes = new EnvelopeStore(this.#db)
    await envelopes.load()
    const store = createTaskStore(this.#db)
    const commit = createCommitEffects({
      chain,
      store,
      sender,
      committer,
      precedence,
      log,
      content: { getBytecode: () => Promise.resolve(null) },
      sync: { push: () => Promise.resolve({ acks: Promise.resolve(0) }) },
      // What an enclave asks of its view before it releases (R8): exactly this receipt, and so deep.
      views: { open: () => Promise.resolve({ nonce: hashOf('nonce') }) },
      enclave: { call: (_method: string, { sealedRun }: { sealedRun: Uint8Array }) => this.#release(sealedRun) },
      alarm: () => undefined,
      reachSigned: () => undefined
    } as unknown as EffectParts)
    const effects: Effects = {
      ...commit,
      prepare: ({ facts }) => Promise.resolve({ event: { type: 'accepted', accepted: { recordBlock: facts.recordBlock, signature: '0x00' as Hex } } }), // prettier-ignore
      run: this.#run,
      rebuild: (_task, { signal }) => new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error))) // prettier-ignore
    }
    const runner = new TaskRunner({
      chain,
      store,
      envelopes,
      effects,
      signer: addressOf(`${this.#name} enclave`),
      operator: addressOf(this.#name),
      board: createStatusBoard(),
      precedence,
      log,
      reach: () => undefined
    })
    if (!envelopes.has(input)) {
      const entry = { inputHash: input, sender: addressOf('user'), scAddr, epoch: 1, bytes: 1, recorded: false }
      await envelopes.put(entry, Uint8Array.of(1))
    }
    this.#parts = { runner, sender, committer, unsubscribe }
    runner.onChange(taskId => {
      const stage = runner.task(taskId)?.state.stage
      if (stage && stage !== this.stages.at(-1)) this.stages.push(stage)
    })
    await runner.start()
  }

  async stop(): Promise<void> {
    if (!this.#parts) return
    const { runner, sender, committer, unsubscribe } = this.#parts
    this.#parts = null
    unsubscribe()
    await runner.stop()
    committer.stop()
    sender.stop()
  }

  state(taskId: TaskId): TaskState | undefined {
    return this.#parts?.runner.task(taskId)?.state
  }

  readonly #run: RunEffect = task => {
    this.runs += 1
    const { chain } = this.#pool
    const { taskId, recordBlock, epoch } = task.facts
    const { gasLimit, recordTime } = chain.task(taskId)!
    const prevHead = chain.contract(scAddr)!.headHash
    const bound = `${taskId} of ${recordTime} on ${prevHead}` // as a runDigest binds them (R6)
    const receipt = receiptWith({
      ...{ taskId, scAddr, inputHash: input, gasLimit, epoch, recordBlock, recordTime, prevHead },
      deltaHash: hashOf(`delta of ${bound}`),
      outputHash: hashOf(`output of ${bound}`)
    })
    const digest = this.#pool.digestOf(receipt)
    const sealedRun = new TextEncoder().encode(`${taskId} ${digest}`)
    return Promise.resolve({
      event: { type: 'ran', run: { digest, prevHead, deltaHash: receipt.deltaHash, callback: false } },
      run: { digest, run: { receipt, signature: new Uint8Array(65), delta: null, callbackData: new Uint8Array(), sealedRun } } // prettier-ignore
    })
  }

  #release(sealedRun: Uint8Array): Promise<Omit<ReleasedResult, 'signature'>> {
    const { chain } = this.#pool
    const [taskId, digest] = new TextDecoder().decode(sealedRun).split(' ') as [TaskId, Hash]
    const settlement = chain.task(taskId)?.settlement
    const depth = settlement ? chain.head().number - settlement.block + 1 : 0
    if (settlement?.digest !== digest || depth < chain.facts.confirmations) return Promise.reject(new Error('not yet'))
    this.released.push(digest)
    const nothing = new Uint8Array()
    return Promise.resolve({ receipt: receiptWith({ taskId, scAddr }), result: nothing, log: nothing, trace: nothing })
  }
}

/** R11 and R7 at workers: a receipt is taken back, and its record stays. Alice has seat 0, bob seat 1. */
describe('task, whose receipt is taken back', function () {
  this.timeout(30_000)
  const folder = mkdtempSync(join(tmpdir(), 'enigma-taken-back-'))
  const dbs: Database[] = []
  let pool: PoolChain
  let chain: MemoryChain
  let alice: Host
  let bob: Host
  const taskId = asTaskId('task')

  async function open(confirmations: number): Promise<void> {
    chain = new MemoryChain({ confirmations })
    pool = new PoolChain(chain)
    chain.register('alice')
    chain.register('bob')
    for (let i = 0; ; i++) {
      const { epoch } = chain.startEpoch(undefined, hashOf(`mix ${i}`))
      const [first, second] = chain.seats(epoch, scAddr).map(({ operator }) => operator)
      if (first === addressOf('alice') && second === addressOf('bob')) break
    }
    chain.deploy(scAddr, hashOf('code'))
    chain.append(scAddr, hashOf('first delta'))
    const [one, other] = await Promise.all(['alice', 'bob'].map(name => openDatabase(join(folder, `${name} ${Math.random()}`)))) // prettier-ignore
    dbs.push(one!, other!)
    alice = new Host('alice', pool, one!)
    bob = new Host('bob', pool, other!)
  }
  afterEach(async () => {
    await Promise.all([alice.stop(), bob.stop()])
    await Promise.all(dbs.splice(0).map(db => db.close()))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const until = async (what: string, condition: () => boolean): Promise<void> => {
    for (const limit = Date.now() + 10_000; Date.now() < limit && !condition();) await new Promise(wake => setTimeout(wake, 2)) // prettier-ignore
    expect(condition(), what).to.equal(true)
  }
  const stage = (host: Host): string | undefined => host.state(taskId)?.stage
  const isStage = (host: Host, wanted: string) => () => stage(host) === wanted
  /** Blocks, one after the other, until it is so: a receipt may still be on its way into the pool. */
  const mineUntil = async (what: string, condition: () => boolean, empty = false): Promise<void> => {
    for (let i = 0; i < 60 && !condition(); i++) {
      pool.mine({ empty })
      await new Promise(wake => setTimeout(wake, 20))
    }
    await until(what, condition)
  }
  /** The record, and alice's receipt in the block after it. @returns the record's block */
  async function settled(): Promise<number> {
    await Promise.all([alice.start(), bob.start()])
    const { recordBlock } = chain.record({ taskId, scAddr, inputHash: input, epoch: chain.currentEpoch()!.epoch })
    await until('her receipt waits for a block', () => pool.pending.length === 1)
    pool.mine()
    expect(settledBy(chain, taskId)).to.equal(addressOf('alice'))
    await until('she knows it', () => ['included', 'released'].includes(stage(alice)!))
    await until('he knows it', isStage(bob, 'settled'))
    return recordBlock
  }
  const lastOf = (host: Host, count: number): string[] => host.stages.slice(-count)
  const receipts = (): number => pool.mined.filter(({ ok }) => ok).length

  it('and comes again in the same block: she sends nothing new, it is included and released once more', async () => {
    await open(1)
    const recordBlock = await settled()
    await until('released', isStage(alice, 'released'))
    const digest = alice.released[0]!
    pool.goBack(recordBlock, 'kept')
    await until('told', () => alice.stages.includes('submitted') && stage(alice) === 'submitted')
    expect(stage(bob), 'he is to be ready for his window').to.not.equal('settled')
    pool.mine()
    await until('released again', isStage(alice, 'released'))

    expect(chain.task(taskId)!.settlement!.block).to.equal(recordBlock + 1)
    expect(lastOf(alice, 4)).to.deep.equal(['released', 'submitted', 'included', 'released'])
    expect(alice.released).to.deep.equal([digest, digest])
    expect(new Set(pool.sent).size, 'one transaction').to.equal(1)
    expect([alice.runs, bob.runs]).to.deep.equal([1, 0])
    await until('he is told', isStage(bob, 'settled'))
  })

  it('and comes again in another block: with 24 confirmations nothing is out before it is that deep there', async () => {
    await open(24)
    const recordBlock = await settled()
    for (let i = 0; i < 22; i++) pool.mine() // one more, and it would be out
    expect([stage(alice), alice.released.length]).to.deep.equal(['included', 0])
    pool.goBack(recordBlock, 'kept')
    await until('told', isStage(alice, 'submitted'))
    for (let i = 0; i < 3; i++) pool.mine({ empty: true })
    pool.mine()
    await until('included again', isStage(alice, 'included'))
    expect((alice.state(taskId) as { block: number }).block).to.equal(recordBlock + 4)
    for (let i = 0; i < 22; i++) pool.mine()
    await new Promise(wake => setTimeout(wake, 150)) // it is tried again all the time
    expect(alice.released).to.deep.equal([])
    pool.mine()
    await until('released', isStage(alice, 'released'))
    expect(alice.released).to.have.length(1)
    expect([alice.runs, bob.runs, receipts()]).to.deep.equal([1, 0, 1])
  })

  it('and the pool has lost it: she sends the same transaction again, at every head until it is in a block', async () => {
    await open(1)
    const recordBlock = await settled()
    await until('released', isStage(alice, 'released'))
    const sent = pool.sent.length
    pool.goBack(recordBlock, 'lost')
    pool.isDeaf = true
    await mineUntil('sent again and again', () => pool.sent.length >= sent + 3)
    expect(settledBy(chain, taskId)).to.equal(null)
    pool.isDeaf = false
    await mineUntil('released again', isStage(alice, 'released'))

    expect(settledBy(chain, taskId)).to.equal(addressOf('alice'))
    expect(new Set(pool.sent).size, 'one transaction').to.equal(1)
    expect(alice.runs).to.equal(1)
  })

  it('while she is away, and the pool has lost it: she sends it when she is back', async () => {
    await open(1)
    const recordBlock = await settled()
    await until('released', isStage(alice, 'released'))
    await alice.stop()
    pool.goBack(recordBlock, 'lost')
    pool.mine()
    await alice.start()
    expect(stage(alice)).to.equal('submitted')
    await mineUntil('released again', isStage(alice, 'released'))
    expect(settledBy(chain, taskId)).to.equal(addressOf('alice'))
    expect([new Set(pool.sent).size, alice.runs]).to.deep.equal([1, 1])
  })

  it('and another seat is first: he runs it in his window and earns, and her copy of the same receipt is released', async () => {
    await open(1)
    const recordBlock = await settled()
    await until('released', isStage(alice, 'released'))
    await alice.stop()
    pool.goBack(recordBlock, 'lost')
    await mineUntil('his window is open', () => chain.head().number === recordBlock + WINDOW_BLOCKS - 1)
    expect(bob.runs, 'not before').to.equal(0)
    await mineUntil('settled', () => settledBy(chain, taskId) !== null)
    expect(settledBy(chain, taskId)).to.equal(addressOf('bob'))
    expect(chain.task(taskId)!.settlement!.block).to.be.above(recordBlock + WINDOW_BLOCKS)
    await until('his is released', isStage(bob, 'released'))

    await alice.start()
    await mineUntil('hers too', isStage(alice, 'released'))
    expect(alice.released.at(-1)).to.equal(chain.task(taskId)!.settlement!.digest)
    expect(lastOf(alice, 2)).to.deep.equal(['included', 'released'])
    expect((alice.state(taskId) as { block: number }).block).to.equal(chain.task(taskId)!.settlement!.block)
    await mineUntil('her transaction came too late', () => pool.mined.some(({ ok }) => !ok))
    expect([alice.runs, bob.runs, receipts()]).to.deep.equal([1, 1, 1])
    expect(stage(alice)).to.equal('released')
  })

  it('and another state is there: she runs it again, and what was released before is not what counts', async () => {
    await open(1)
    const recordBlock = await settled()
    await until('released', isStage(alice, 'released'))
    const [first] = alice.released
    pool.goBack(recordBlock, 'lost')
    chain.append(scAddr, hashOf('a delta of another task'))
    await mineUntil('released again', () => alice.released.length === 2)
    const { digest } = chain.task(taskId)!.settlement!
    expect(digest).to.not.equal(first)
    expect(alice.released).to.deep.equal([first, digest])
    expect([alice.runs, receipts()]).to.deep.equal([2, 1])
  })

  it('and another seat’s, run on another state, takes the very same block while she is away: she lets hers go', async () => {
    await open(1)
    await Promise.all([alice.start(), bob.start()])
    const { recordBlock } = chain.record({ taskId, scAddr, inputHash: input })
    for (let i = 0; i < WINDOW_BLOCKS + 2; i++) pool.mine({ empty: true })
    await until('both receipts wait for a block', () => pool.pending.length === 2)
    pool.mine()
    await until('hers is released', isStage(alice, 'released'))
    const { block } = chain.task(taskId)!.settlement!
    const [first] = alice.released
    await alice.stop()
    pool.goBack(recordBlock + WINDOW_BLOCKS, 'lost')
    chain.append(scAddr, hashOf('a delta of another task'))
    await until('he runs it on the other state', () => bob.runs === 2 && pool.pending.length === 2)
    for (let i = 0; i < 2; i++) pool.mine() // his first one comes to nothing
    expect([settledBy(chain, taskId), chain.task(taskId)!.settlement!.block]).to.deep.equal([addressOf('bob'), block])

    await alice.start()
    await until('she knows', isStage(alice, 'settled'))
    expect(alice.released).to.deep.equal([first])
    expect(receipts()).to.equal(1)
  })

  it('with the blocks up to its deadline, after it expired: the seats bring it to its end after all', async () => {
    await open(24)
    const recordBlock = await settled()
    const deadline = deadlineOf(recordBlock)
    pool.goBack(recordBlock, 'lost')
    pool.isDeaf = true
    await mineUntil('expired', () => isStage(alice, 'expired')() || isStage(alice, 'refunding')(), true)
    expect(chain.head().number).to.be.at.least(deadline)
    pool.isDeaf = false
    pool.goBack(deadline - 4, 'lost')
    await until('they take it up', () => !['expired', 'refunding'].includes(stage(alice)!))
    await mineUntil('settled', () => settledBy(chain, taskId) !== null)
    expect(chain.task(taskId)!.settlement!.block).to.be.at.most(deadline)
    await mineUntil('released', isStage(alice, 'released'), true)
    expect(alice.released).to.deep.equal([chain.task(taskId)!.settlement!.digest])
  })
})
