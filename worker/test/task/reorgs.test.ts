import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TaskStatus, nextHead, type Hash, type ReleasedResult, type TaskId } from '@enigma/protocol'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { createLogger } from '../../src/ops/log.ts'
import { Precedence } from '../../src/ops/precedence.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import type { Effects, Outcome } from '../../src/task/effects.ts'
import { EnvelopeStore } from '../../src/task/envelope-store.ts'
import { orderFrom } from '../../src/task/lane.ts'
import type { RunRef, Task } from '../../src/task/machine.ts'
import { TaskRunner } from '../../src/task/runner.ts'
import { createTaskStore } from '../../src/task/task-store.ts'
import { until } from '../testing.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'
import { receiptWith } from '../receipts.ts'

const TASKS = 5
const LIMIT_MS = 30_000
const HALF_OF_A_TASK = 10 // blocks
const scAddr = asScAddr('contract')

/** A small linear congruential generator: the same seed, the same test. */
const randomOf = (seed: number) => {
  let x = seed >>> 0
  return (below: number): number => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    return Math.floor((x / 2 ** 32) * below)
  }
}

/** One worker on a chain whose blocks are taken back: what nodes do with the transactions of such blocks is done here. */
class World {
  readonly chain: MemoryChain
  readonly runner: TaskRunner
  readonly released: { taskId: TaskId; digest: Hash }[] = []
  /** Records that wait for a block, and receipts that do. */
  readonly #records: TaskId[] = []
  readonly #receipts = new Map<TaskId, { run: RunRef; recordBlock: number }>()
  readonly #included = new Map<TaskId, { run: RunRef; recordBlock: number }>()
  readonly #envelopes: EnvelopeStore

  constructor(db: Database, confirmations: number) {
    this.chain = new MemoryChain({ confirmations })
    this.chain.register('alice')
    this.chain.startEpoch()
    this.chain.deploy(scAddr, hashOf('code'))
    this.chain.append(scAddr, hashOf('first delta'))
    this.chain.mine(30)
    this.#envelopes = new EnvelopeStore(db)
    this.runner = new TaskRunner({
      chain: this.chain,
      store: createTaskStore(db),
      envelopes: this.#envelopes,
      effects: this.#effects(),
      signer: addressOf('alice enclave'),
      operator: addressOf('alice'),
      board: createStatusBoard(),
      precedence: new Precedence(),
      log: createLogger({ write: () => undefined }),
      reach: () => undefined
    })
  }

  async start(): Promise<void> {
    await this.#envelopes.load()
    await this.runner.start()
  }

  #effects(): Effects {
    const outcome = (event: Outcome['event'], rest: Omit<Outcome, 'event'> = {}): Promise<Outcome> =>
      Promise.resolve({ event, ...rest })
    const never = (signal: AbortSignal): Promise<null> =>
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)))
    const { chain } = this
    return {
      prepare: ({ facts }) =>
        outcome({ type: 'accepted', accepted: { recordBlock: facts.recordBlock, signature: '0x00' } }),
      run: (task, { unsettled }) => {
        const head = chain.contract(scAddr)!.headHash
        const before = orderFrom(head, unsettled()).at(-1)?.state.run
        const prevHead = before ? nextHead(before.prevHead, before.deltaHash) : head
        const bound = `${task.facts.taskId} in ${task.facts.recordBlock} on ${prevHead}` // as a runDigest binds them (R6)
        const run = { digest: hashOf(`receipt of ${bound}`), prevHead, deltaHash: hashOf(`delta of ${bound}`) }
        return outcome(
          { type: 'ran', run: { ...run, callback: false } },
          { run: { digest: run.digest, run: storedRun(task, run) } }
        )
      },
      submit: async ({ facts, state }, { tell, signal }) => {
        await tell({ type: 'signed' })
        if (!('run' in state)) return null
        this.#receipts.set(facts.taskId, { run: state.run, recordBlock: facts.recordBlock })
        return never(signal)
      },
      release: async ({ facts, state }) => {
        if (state.stage !== 'included') return null
        const { block, run } = state
        const settlement = chain.task(facts.taskId)?.settlement
        // What an enclave asks of its view (R8).
        if (settlement?.digest !== run.digest || chain.head().number - block + 1 < chain.facts.confirmations) {
          throw new Error('not yet')
        }
        this.released.push({ taskId: facts.taskId, digest: run.digest })
        const stored = await createTaskStoreOf(this).run(run.digest)
        const result: ReleasedResult = {
          receipt: stored!.receipt,
          signature: new Uint8Array(65),
          result: new Uint8Array(),
          log: new Uint8Array(),
          trace: new Uint8Array()
        }
        return { event: { type: 'released' }, result }
      },
      refund: (_, { signal }) => never(signal),
      rebuild: (_, { signal }) => never(signal)
    }
  }

  async deliver(name: string): Promise<void> {
    const inputHash = hashOf(name)
    const entry = { inputHash, sender: addressOf('user'), scAddr, epoch: 1, bytes: 1, recorded: false }
    await this.#envelopes.put(entry, Uint8Array.of(1))
    this.#records.push(asTaskId(name))
    await this.runner.onEnvelope(inputHash)
  }

  /** The receipt that the chain would take now. */
  #fitting(): { taskId: TaskId; run: RunRef; recordBlock: number } | null {
    for (const [taskId, { run, recordBlock }] of this.#receipts) {
      const task = this.chain.task(taskId)
      if (!task || task.settlement || task.recordBlock !== recordBlock) continue
      if (this.chain.contract(scAddr)!.headHash === run.prevHead) return { taskId, run, recordBlock }
    }
    return null
  }

  /** Whether a block may come: time stands still for a task in the second half of its blocks while the runner is behind, so none expires. */
  get ready(): boolean {
    const { number } = this.chain.head()
    const aging = this.tasks().some(id => {
      const task = this.chain.task(id)
      return task && !task.settlement && number >= task.recordBlock + HALF_OF_A_TASK
    })
    return !aging || this.#fitting() !== null
  }

  /** A block with one transaction: a receipt that can count, else a record, else nothing. */
  mine(names: ReadonlyMap<TaskId, string>): void {
    const { chain } = this
    const next = this.#fitting()
    if (next) {
      this.#receipts.delete(next.taskId)
      this.#included.set(next.taskId, next)
      return chain.include(next.taskId, { digest: next.run.digest, deltaHash: next.run.deltaHash })
    }
    const taskId = this.#records.shift()
    if (taskId) chain.record({ taskId, scAddr, inputHash: hashOf(names.get(taskId)!), epoch: 1 })
    else chain.mine()
  }

  /** Takes blocks back. Records and receipts in them wait again, in any order. */
  reorg(depth: number, random: (below: number) => number): void {
    const to = this.chain.head().number - depth
    for (const [taskId, { run, recordBlock }] of this.#included) {
      const settlement = this.chain.task(taskId)?.settlement
      if (!settlement || settlement.block <= to) continue
      this.#included.delete(taskId)
      this.#receipts.set(taskId, { run, recordBlock })
    }
    const gone = this.tasks().filter(id => (this.chain.task(id)?.recordBlock ?? 0) > to)
    for (const taskId of gone) this.#records.splice(random(this.#records.length + 1), 0, taskId)
    this.chain.rollback(to)
  }

  tasks(): TaskId[] {
    return [...this.#known]
  }
  readonly #known = new Set<TaskId>()
  know(taskId: TaskId): void {
    this.#known.add(taskId)
  }
  db?: Database
}

const createTaskStoreOf = (world: World) => createTaskStore(world.db!)
const storedRun = ({ facts }: Task, { prevHead, deltaHash }: Pick<RunRef, 'prevHead' | 'deltaHash'>) => {
  const { taskId, inputHash, recordBlock } = facts
  const receipt = receiptWith({ taskId, scAddr, inputHash, recordBlock, prevHead, deltaHash })
  const nothing = new Uint8Array()
  return { receipt, signature: new Uint8Array(65), delta: null, callbackData: nothing, sealedRun: nothing }
}

describe('task/runner, on a chain that is reorganised', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'enigma-reorgs-'))
  const seed = Number(process.env['REORG_SEED'] ?? Date.now() % 2 ** 31)
  after(() => rmSync(folder, { recursive: true, force: true }))
  const breathe = (): Promise<void> => new Promise(wake => setTimeout(wake, 6))

  /** Five tasks, of which some are recorded, some run, some settled when `depth` blocks are taken back. */
  async function survive(depth: number, confirmations: number): Promise<void> {
    const random = randomOf(seed + depth)
    const db = await openDatabase(join(folder, `${confirmations}-${depth}`))
    const world = new World(db, confirmations)
    world.db = db
    const names = new Map<TaskId, string>()
    try {
      await world.start()
      for (let i = 0; i < TASKS; i++) {
        const name = `task ${i}`
        names.set(asTaskId(name), name)
        world.know(asTaskId(name))
        await world.deliver(name)
      }
      const before = 1 + random(depth + 2 * TASKS)
      for (let i = 0; i < before; i++) {
        await until(`block ${i} before`, () => world.ready)
        world.mine(names)
        await breathe()
      }
      world.reorg(depth, random)
      await breathe()
      const stages = (): string[] => world.tasks().map(id => world.runner.task(id)?.state.stage ?? 'unknown')
      const settled = (): boolean => world.tasks().every(id => world.chain.task(id)?.settlement)
      // A result that is not yet deep enough is asked for again after a pause, so this is a matter of time, not of blocks.
      for (
        const limit = Date.now() + LIMIT_MS;
        Date.now() < limit && !(settled() && stages().every(stage => stage === 'released'));
      ) {
        if (world.ready) world.mine(names)
        await breathe()
      }
      expect(stages(), `depth ${depth}, ${before} blocks before`).to.deep.equal(Array(TASKS).fill('released'))
      for (const taskId of world.tasks()) {
        const { settlement, recordBlock } = world.chain.task(taskId)!
        const { facts, state } = world.runner.task(taskId)!
        expect(settlement!.status).to.equal(TaskStatus.ReceiptVerified)
        expect(facts.recordBlock).to.equal(recordBlock)
        expect('run' in state && state.run.digest).to.equal(settlement!.digest)
        const given = world.released.filter(one => one.taskId === taskId)
        expect(given.at(-1)!.digest, 'the last word is the chain’s').to.equal(settlement!.digest)
        // With fewer confirmations than the reorg is deep, a result may have come out that does not count; never with more.
        if (confirmations > depth) expect(new Set(given.map(one => one.digest)).size).to.equal(1)
      }
    } finally {
      await world.runner.stop()
      await db.close()
    }
  }

  for (const confirmations of [24, 1]) {
    it(`settles every task, and releases ${confirmations === 24 ? 'nothing that is undone' : 'again what was undone'}, at depth 1 to 20 with CONF = ${confirmations} (seed ${seed})`, async () => {
      for (let depth = 1; depth <= 20; depth++) await survive(depth, confirmations)
    })
  }
})
