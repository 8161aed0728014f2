import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  SEATS,
  TaskStatus,
  WINDOW_BLOCKS,
  ZERO_ADDRESS,
  ZERO_HASH,
  deadlineOf,
  nextHead,
  type Hash,
  type Hex,
  type Receipt,
  type TaskId
} from '@enigma/protocol'
import { orderFrom } from '../../src/task/lane.ts'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { createLogger } from '../../src/ops/log.ts'
import { Precedence } from '../../src/ops/precedence.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import type { CrashPoint } from '../../src/ops/crash-points.ts'
import type { EffectContext, Effects, Outcome, RunEffect } from '../../src/task/effects.ts'
import { EnvelopeStore } from '../../src/task/envelope-store.ts'
import type { Effect, RunRef, Task } from '../../src/task/machine.ts'
import { TaskRunner } from '../../src/task/runner.ts'
import { createTaskStore, type StoredRun } from '../../src/task/task-store.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

const accepted = { recordBlock: 0, signature: '0x00' as Hex }
const receiptOf = (task: Task, prevHead: Hash): Receipt => ({
  taskId: task.facts.taskId,
  scAddr: task.facts.scAddr,
  kind: 1,
  ok: true,
  reason: 0,
  codeHash: ZERO_HASH,
  inputHash: task.facts.inputHash,
  gasLimit: 1n,
  epoch: task.facts.epoch,
  recordBlock: task.facts.recordBlock,
  recordTime: 0,
  prevHead,
  deltaHash: ZERO_HASH,
  outputHash: ZERO_HASH,
  gasUsed: 1n,
  callbackTarget: ZERO_ADDRESS,
  callbackDataHash: ZERO_HASH,
  callbackGas: 0
})

describe('task/runner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-runner-'))
  const precedence = new Precedence()
  let db: Database
  let chain: MemoryChain
  let envelopes: EnvelopeStore
  let runner: TaskRunner
  let performed: string[]
  let points: CrashPoint[]
  let script: Partial<Record<Effect, RunEffect>>
  const scAddr = asScAddr('contract')
  const input = hashOf('input')
  const lines: string[] = []

  /** What enclave, network and chain would do, without a fault. */
  const smooth: Effects = {
    prepare: task => done({ type: 'accepted', accepted: { ...accepted, recordBlock: task.facts.recordBlock } }),
    run: task => {
      const receipt = receiptOf(task, chain.contract(task.facts.scAddr)?.headHash ?? ZERO_HASH)
      const digest = hashOf(`${receipt.taskId}${receipt.prevHead}`)
      const run: StoredRun = {
        receipt,
        signature: new Uint8Array(65),
        delta: null,
        callbackData: new Uint8Array(),
        sealedRun: Uint8Array.of(1, 2, 3)
      }
      return Promise.resolve({
        event: {
          type: 'ran',
          run: { digest, prevHead: receipt.prevHead, deltaHash: receipt.deltaHash, callback: false }
        },
        run: { digest, run }
      })
    },
    async submit(task, { tell }) {
      await tell({ type: 'signed' })
      if ('run' in task.state) settle(task.facts.taskId, task.state.run.digest)
      return null
    },
    release: async task => {
      const run = 'run' in task.state ? await createTaskStore(db).run(task.state.run.digest) : null
      return {
        event: { type: 'released' },
        result: {
          receipt: run!.receipt,
          signature: run!.signature,
          result: Uint8Array.of(9),
          log: new Uint8Array(),
          trace: new Uint8Array()
        }
      }
    },
    rebuild: async task => {
      const outcome = await smooth.run(task, undefined as never)
      return { ...outcome!, event: { type: 'rebuilt', run: (outcome!.event as { run: RunRef }).run } }
    },
    refund(task) {
      chain.settle(task.facts.taskId, { status: TaskStatus.ReceiptFailedReturn })
      return Promise.resolve(null)
    }
  }
  const done = (event: Outcome['event']): Promise<Outcome> => Promise.resolve({ event })
  const settle = (taskId: TaskId, digest: Hash): void => {
    if (!chain.task(taskId)!.settlement) chain.settle(taskId, { digest })
  }

  const start = async (kept?: number): Promise<void> => {
    const effects = Object.fromEntries(
      (Object.keys(smooth) as Effect[]).map(name => [
        name,
        (task: Task, context: EffectContext) => {
          performed.push(name)
          return (script[name] ?? smooth[name])(task, context)
        }
      ])
    ) as unknown as Effects
    runner = new TaskRunner({
      chain,
      store: createTaskStore(db),
      envelopes,
      effects,
      signer: addressOf('alice enclave'),
      operator: addressOf('alice'),
      board: createStatusBoard(),
      precedence,
      log: createLogger({ write: line => void lines.push(line) }),
      reach: point => points.push(point),
      ...(kept !== undefined && { kept })
    })
    await runner.start()
  }
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 2_000 && !condition(); i++) await new Promise(wake => setTimeout(wake, 1))
    expect(condition(), what).to.equal(true)
  }
  const stage = (taskId: TaskId): string | undefined => runner.task(taskId)?.state.stage
  const deliver = async (hash = input): Promise<void> => {
    const sender = addressOf('user')
    const entry = { inputHash: hash, sender, scAddr, epoch: 1, bytes: 3, recorded: false }
    await envelopes.put(entry, Uint8Array.of(1, 2, 3))
    await runner.onEnvelope(hash)
  }
  const reopen = async (): Promise<void> => {
    await runner.stop()
    envelopes = new EnvelopeStore(db)
    await envelopes.load()
  }

  beforeEach(async () => {
    db = await openDatabase(join(folder, String(Math.random())))
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    envelopes = new EnvelopeStore(db)
    performed = []
    points = []
    lines.length = 0
    script = {}
    await start()
  })
  afterEach(async () => {
    await runner.stop()
    await db.close()
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('brings a task from its input to a released result, past every persistence point', async () => {
    await deliver()
    const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('released', () => stage(taskId) === 'released')
    expect(performed).to.deep.equal(['prepare', 'run', 'submit', 'release'])
    expect(points).to.deep.equal(['accepted', 'sealed-run', 'inclusion', 'released'])
    expect((await createTaskStore(db).result(taskId))!.result).to.deep.equal(Uint8Array.of(9))
  })

  it('foresees who needs a view: tasks in their window, the oldest first, until they are over', async () => {
    const held = Promise.withResolvers<void>()
    script.prepare = async (task, context) => {
      await held.promise
      return smooth.prepare(task, context)
    }
    await deliver()
    const [late, early] = ['late', 'early'].map(name => asTaskId(name)) as [TaskId, TaskId]
    chain.record({ taskId: early, scAddr, inputHash: input })
    chain.record({ taskId: late, scAddr: asScAddr('another'), inputHash: input })
    expect([...runner.foreseen()].map(({ taskId }) => taskId)).to.deep.equal([early, late])
    held.resolve()
    await until('released', () => stage(early) === 'released' && stage(late) === 'released')
    expect([...runner.foreseen()]).to.deep.equal([])
  })

  it('tells an effect how many receipts of the contract are coming', async () => {
    const told: number[] = []
    const pressed: number[] = []
    let waited = 0
    const held = Promise.withResolvers<void>()
    script.run = async (task, context) => {
      await held.promise
      return smooth.run(task, context)
    }
    script.submit = (task, context) => {
      told.push(context.coming())
      pressed.push(precedence.pressing())
      void precedence.giveWay(60_000).then(() => waited++)
      return smooth.submit(task, context)
    }
    await deliver()
    const ids = ['a', 'b', 'c'].map(name => asTaskId(name))
    for (const taskId of ids) chain.record({ taskId, scAddr, inputHash: input })
    chain.record({ taskId: asTaskId('x'), scAddr: asScAddr('another'), inputHash: input })
    await until('all accepted', () => ids.every(taskId => ['accepted', 'running'].includes(stage(taskId) ?? '')))
    held.resolve()
    await until('all released', () => ids.every(taskId => stage(taskId) === 'released'))
    expect(Math.max(...told)).to.equal(2)
    expect(Math.min(...told)).to.equal(0)
    // Of all contracts, with the one that asks: its receipt is not on its way so far.
    expect(Math.max(...pressed)).to.be.within(3, 4)
    expect(Math.min(...pressed)).to.be.within(1, 2)
    await until('what gave way went on when the last receipt was on its way', () => waited === 4)
  })

  it('keeps so many settled tasks, in memory and on disk, and every one that is not settled', async () => {
    await reopen()
    await start(2)
    const ids: TaskId[] = []
    for (const name of ['a', 'b', 'c', 'd', 'open']) {
      if (name === 'open') script.submit = (_, { signal }) => new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error))) // prettier-ignore
      await deliver(hashOf(name))
      ids.push(chain.record({ taskId: asTaskId(name), scAddr, inputHash: hashOf(name) }).taskId)
      await until('over', () => stage(ids.at(-1)!) === (name === 'open' ? 'sealed' : 'released'))
    }
    chain.mine(SEATS * WINDOW_BLOCKS + 1)
    const kept = (): TaskId[] => ids.filter(id => runner.task(id) !== null)
    await until('the oldest are gone', () => kept().length === 2)
    expect(kept()).to.deep.equal(ids.slice(-2))
    const store = createTaskStore(db)
    const onDisk = async (): Promise<TaskId[]> => (await store.load()).map(task => task.facts.taskId)
    while ((await onDisk()).length > 2) await new Promise(wake => setTimeout(wake, 1))
    expect(await onDisk()).to.have.members(ids.slice(-2))
    expect(await store.result(ids[0]!)).to.equal(null)
    expect(await store.result(ids[3]!)).not.to.equal(null)
  })

  it('waits for an input that comes after its record', async () => {
    const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    expect(stage(taskId)).to.equal('waiting-input')
    await deliver()
    await until('released', () => stage(taskId) === 'released')
  })

  it('tries a step again that failed, and shows nothing of it to the outside', async () => {
    let failures = 2
    script.prepare = (task, context) => {
      if (failures-- > 0) return Promise.reject(new Error('the principal is silent'))
      return smooth.prepare(task, context)
    }
    await deliver()
    const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('released', () => stage(taskId) === 'released')
    expect(performed.filter(name => name === 'prepare')).to.have.length(3)
  })

  it('returns the fee of a task that it could never run, after its deadline', async () => {
    script.prepare = () => Promise.reject(new Error('no state'))
    await deliver()
    const { taskId, recordBlock } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    chain.mine(deadlineOf(recordBlock) - recordBlock)
    chain.mine()
    await until('returned', () => stage(taskId) === 'returned')
    expect(performed).not.to.include('submit')
    const [said] = lines.filter(line => line.includes('expired at this seat'))
    expect(said, 'where it stood, and why').to.include('preparing').and.include('no state')
  })

  it('returns the fee of a task of which it holds no seat, some blocks later than the seats would', async () => {
    chain.register('bob')
    chain.startEpoch(['bob'])
    const { taskId, recordBlock } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input, epoch: 2 })
    expect(runner.task(taskId)).to.equal(null)
    chain.mine(21)
    chain.mine(4)
    await until('expired', () => stage(taskId) === 'expired')
    expect(performed).to.deep.equal([])
    chain.mine(40)
    await until('refund', () => performed.includes('refund'))
    expect(chain.task(taskId)!.settlement!.block).to.be.greaterThan(recordBlock + 21 + 4)
  })

  /** Runs that write: each on what those before it left, as the enclave does. */
  const writing: RunEffect = (task, { unsettled }) => {
    const before = orderFrom(chain.contract(scAddr)?.headHash ?? ZERO_HASH, unsettled()).at(-1)?.state.run
    const prevHead = before ? nextHead(before.prevHead, before.deltaHash) : chain.contract(scAddr)!.headHash
    const deltaHash = hashOf(`delta of ${task.facts.taskId} on ${prevHead}`)
    const receipt = { ...receiptOf(task, prevHead), deltaHash }
    const digest = hashOf(`${receipt.taskId}${prevHead}`)
    const stored = { receipt, signature: new Uint8Array(65), delta: null, callbackData: new Uint8Array() }
    heads.push(prevHead)
    return Promise.resolve({
      event: { type: 'ran', run: { digest, prevHead, deltaHash, callback: calling.has(task.facts.taskId) } },
      run: { digest, run: { ...stored, sealedRun: Uint8Array.of(1) } }
    })
  }
  let heads: Hash[] = []
  const calling = new Set<TaskId>()
  /** The transaction is sent, and in no block so far. */
  const sent: RunEffect = async (_, { tell, signal }) => {
    await tell({ type: 'signed' })
    return new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)))
  }
  /** What the chain does with the receipt of a task that was sent. */
  const include = (taskId: TaskId): void => {
    const { state } = runner.task(taskId)!
    if (!('run' in state)) throw new Error(`no run of ${taskId}`)
    chain.include(taskId, { digest: state.run.digest, deltaHash: state.run.deltaHash })
  }
  const recordThree = async (): Promise<TaskId[]> => {
    heads = []
    chain.deploy(scAddr, hashOf('code'))
    const inputs = ['a', 'b', 'c'].map(hashOf)
    for (const one of inputs) await deliver(one)
    const ids: TaskId[] = []
    for (const inputHash of inputs) {
      const { taskId } = chain.record({ taskId: asTaskId(`t ${inputHash}`), scAddr, inputHash })
      ids.push(taskId)
      await until('accepted', () => !['waiting-input', 'preparing'].includes(stage(taskId)!)) // in record order
    }
    return ids
  }

  it('runs the tasks of one contract one after the other, in record order, ahead of their receipts', async () => {
    script = { run: writing, submit: sent }
    const ids = await recordThree()
    await until('all sent', () => ids.every(id => stage(id) === 'submitted'))
    const runs = ids.map(id => runner.task(id)!.state as { run: { prevHead: Hash; deltaHash: Hash } })
    expect(runs[0]!.run.prevHead).to.equal(chain.contract(scAddr)!.headHash)
    for (const k of [1, 2]) {
      const { prevHead, deltaHash } = runs[k - 1]!.run
      expect(runs[k]!.run.prevHead, `run ${k}`).to.equal(nextHead(prevHead, deltaHash))
    }
    for (const id of ids) include(id)
    await until('all released', () => ids.every(id => stage(id) === 'released'))
    expect(heads).to.have.length(3)
  })

  it('never runs ahead of a callback: what comes of it only the chain knows', async () => {
    script = { run: writing, submit: sent }
    calling.add(asTaskId(`t ${hashOf('a')}`))
    const [first, second] = await recordThree()
    await until('the first is sent', () => stage(first!) === 'submitted')
    chain.mine(3)
    expect(stage(second!)).to.equal('accepted')
    // It fails: nothing of it was applied, and the next one runs on the old head.
    chain.settle(first!, { status: TaskStatus.ReceiptFailedETH, digest: hashOf('its receipt') })
    await until('the second is sent', () => stage(second!) === 'submitted')
    expect(stage(first!)).to.equal('settled')
    expect(performed).not.to.include('release')
    expect(heads[0]).to.equal(heads[1])
    calling.clear()
  })

  it('runs everything again that builds on a head which another worker has overtaken', async () => {
    script = { run: writing, submit: sent }
    const ids = await recordThree()
    await until('all sent', () => ids.every(id => stage(id) === 'submitted'))
    chain.append(scAddr, hashOf('a delta of somebody else'))
    chain.mine()
    await until('all run again', () => heads.length === 6 && ids.every(id => stage(id) === 'submitted'))
    expect(heads[3]).to.equal(chain.contract(scAddr)!.headHash)
    for (const id of ids) include(id)
    await until('all released', () => ids.every(id => stage(id) === 'released'))
  })

  it('runs again, once, when its receipt was overtaken', async () => {
    let stale = true
    script.submit = (task, context) => {
      if (!stale) return smooth.submit(task, context)
      stale = false
      return done({ type: 'stale', notBefore: chain.head().number + 1 })
    }
    await deliver()
    const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('waiting for the next block', () => stage(taskId) === 'accepted' && !stale)
    expect(performed.filter(name => name === 'run')).to.have.length(1)
    chain.mine()
    await until('released', () => stage(taskId) === 'released')
    expect(performed.filter(name => name === 'run')).to.have.length(2)
  })

  for (const at of ['prepare', 'run', 'submit', 'release'] as const) {
    it(`goes on after a restart in the middle of "${at}"`, async () => {
      script[at] = (_, { signal }) =>
        new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)))
      await deliver()
      const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
      if (at === 'release') await until('included', () => stage(taskId) === 'included')
      await until(at, () => performed.includes(at))
      await reopen()
      script = {}
      performed = []
      await start()
      await until('released', () => stage(taskId) === 'released')
      const again: Record<Effect, readonly Effect[]> = {
        prepare: ['prepare', 'run', 'submit', 'release'],
        run: ['run', 'submit', 'release'], // the acceptance was on disk
        submit: ['submit', 'release'], // and so was the run
        release: ['release'],
        refund: [],
        rebuild: []
      }
      expect(performed).to.deep.equal(again[at])
    })
  }

  it('learns after a restart that its receipt was included meanwhile', async () => {
    script.submit = (_, { signal }) =>
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)))
    await deliver()
    const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('sealed', () => stage(taskId) === 'sealed')
    const { state } = runner.task(taskId)!
    await reopen()
    chain.settle(taskId, { digest: 'run' in state ? state.run.digest : ZERO_HASH })
    performed = []
    script = {}
    await start()
    await until('released', () => stage(taskId) === 'released')
    expect(performed).to.deep.equal(['release'])
  })

  it('ends a task that another seat settled with another receipt', async () => {
    script.submit = (_, { signal }) =>
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)))
    await deliver()
    const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('sealed', () => stage(taskId) === 'sealed')
    chain.settle(taskId, { digest: hashOf('another') })
    await until('settled', () => stage(taskId) === 'settled')
    expect(performed).not.to.include('release')
  })

  it('rebuilds what another seat settled and nobody hands out, and releases it', async () => {
    script.run = (_, { signal }) =>
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)))
    await deliver()
    const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('running', () => stage(taskId) === 'running')
    chain.settle(taskId, { digest: hashOf('by another seat'), operator: addressOf('bob') })
    await until('settled', () => stage(taskId) === 'settled')
    runner.onLost(taskId)
    await until('released', () => stage(taskId) === 'released')
    expect(performed.slice(-2)).to.deep.equal(['rebuild', 'release'])
    expect(points.slice(-3)).to.deep.equal(['rebuilding', 'inclusion', 'released'])
    expect((await createTaskStore(db).result(taskId))!.result).to.deep.equal(Uint8Array.of(9))
  })

  it('rebuilds what was recorded and settled while it was away', async () => {
    await deliver()
    await runner.stop()
    const { taskId } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    chain.settle(taskId, { digest: hashOf('by another seat'), operator: addressOf('bob') })
    await start()
    expect(stage(taskId)).to.equal(undefined)
    runner.onLost(taskId)
    await until('released', () => stage(taskId) === 'released')
    expect(performed).to.deep.equal(['rebuild', 'release'])
    runner.onLost(asTaskId('nobody knows it'))
  })

  it('runs a task again whose record a reorg moved to another block', async () => {
    await deliver()
    const { taskId, recordBlock } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('released', () => stage(taskId) === 'released')
    performed = []
    chain.rollback(recordBlock - 1)
    const moved = chain.record({ taskId, scAddr, inputHash: input })
    await until('released again', () => performed.includes('release') && stage(taskId) === 'released')
    expect(performed).to.deep.equal(['prepare', 'run', 'submit', 'release'])
    expect(runner.task(taskId)!.facts.recordBlock).to.equal(moved.recordBlock)
  })

  it('lets a task go whose record a reorg took away for good', async () => {
    await deliver()
    const { taskId, recordBlock } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('released', () => stage(taskId) === 'released')
    chain.rollback(recordBlock - 1)
    await until('orphaned', () => stage(taskId) === 'orphaned')
  })

  it('sends its receipt again when a reorg took only the receipt away', async () => {
    await deliver()
    const { taskId, recordBlock } = chain.record({ taskId: asTaskId('t'), scAddr, inputHash: input })
    await until('released', () => stage(taskId) === 'released')
    performed = []
    chain.rollback(recordBlock)
    await until('submit', () => performed.includes('submit'))
    expect(performed).not.to.include('run')
  })
})
