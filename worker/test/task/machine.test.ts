import { expect } from 'chai'
import fc from 'fast-check'
import { TaskStatus, deadlineOf, type Hash, type Hex, type ScAddr, type TaskId } from '@enigma/protocol'
import {
  FINAL_STAGES,
  effectOf,
  firstState,
  isFinal,
  next,
  type Task,
  type TaskEventIn,
  type TaskFacts,
  type TaskState
} from '../../src/task/machine.ts'

const hash = (n: number): Hash => `0x${n.toString(16).padStart(64, '0')}` as Hash
const facts = (seat: number | null = 0): TaskFacts => ({
  taskId: hash(1) as Hex as TaskId,
  scAddr: hash(2) as Hex as ScAddr,
  inputHash: hash(3),
  epoch: 1,
  recordBlock: 100,
  order: 100_000_000,
  seat,
  refundDelay: 4
})
const run = (n = 7) => ({ digest: hash(n), prevHead: hash(0), deltaHash: hash(9), callback: false })
const accepted = { recordBlock: 100, signature: '0x00' as Hex }

const after = (task: Task, ...events: TaskEventIn[]): Task => events.reduce(next, task)
const fresh = (seat: number | null = 0, hasEnvelope = true): Task => ({
  facts: facts(seat),
  state: firstState(facts(seat), hasEnvelope)
})
const settledBy = (digest: Hash, status: number = TaskStatus.ReceiptVerified): TaskEventIn => ({
  type: 'settled',
  block: 102,
  status,
  digest,
  run: null
})

describe('task/machine', () => {
  it('goes from an input to a released result', () => {
    const stages: string[] = []
    let task = fresh(0, false)
    const events: TaskEventIn[] = [
      { type: 'envelope' },
      { type: 'accepted', accepted },
      { type: 'turn' },
      { type: 'ran', run: run() },
      { type: 'signed' },
      settledBy(hash(7)),
      { type: 'released' }
    ]
    for (const event of events) {
      task = next(task, event)
      stages.push(task.state.stage)
    }
    expect(stages).to.deep.equal(['preparing', 'accepted', 'running', 'sealed', 'submitted', 'included', 'released'])
  })

  it('releases its own run although the transaction of another seat carried the receipt', () => {
    const task = after(fresh(), { type: 'accepted', accepted }, { type: 'turn' }, { type: 'ran', run: run() })
    expect(next(task, settledBy(hash(7))).state.stage).to.equal('included')
  })

  it('never releases a run whose callback failed on chain', () => {
    const task = after(fresh(), { type: 'accepted', accepted }, { type: 'turn' }, { type: 'ran', run: run() })
    const failed = next(task, settledBy(hash(7), TaskStatus.ReceiptFailedETH))
    expect(failed.state.stage).to.equal('settled')
    expect(effectOf(failed.state)).to.equal(null)
  })

  it('ends when another receipt than its own was accepted', () => {
    const task = after(fresh(), { type: 'accepted', accepted }, { type: 'turn' }, { type: 'ran', run: run() })
    expect(next(task, settledBy(hash(8))).state).to.include({
      stage: 'settled',
      reason: 'another receipt was accepted'
    })
  })

  it('runs again on the new head after a stale receipt, not before the block it is told', () => {
    const task = after(
      fresh(),
      { type: 'accepted', accepted },
      { type: 'turn' },
      { type: 'ran', run: run() },
      { type: 'stale', notBefore: 105 }
    )
    expect(task.state).to.deep.equal({ stage: 'accepted', accepted, notBefore: 105, runs: 1 })
  })

  it('gives a failing run one more try, then leaves the task to the others', () => {
    const failed: TaskEventIn = { type: 'run-failed', reason: 'WASM_THREAD_TIMEOUT', block: 101 }
    const once = after(fresh(), { type: 'accepted', accepted }, { type: 'turn' }, failed)
    expect(once.state.stage).to.equal('accepted')
    expect(after(once, { type: 'turn' }, failed).state.stage).to.equal('declined')
  })

  it('expires at the deadline and refunds when its turn has come', () => {
    const expired = next(fresh(0, false), { type: 'head', block: 121 })
    expect(expired.state.stage).to.equal('expired')
    expect(next(expired, { type: 'head', block: 124 }).state.stage).to.equal('expired')
    expect(next(expired, { type: 'head', block: 125 }).state.stage).to.equal('refunding')
  })

  it('does not take an acceptance of an earlier record after a reorg', () => {
    const moved: TaskFacts = { ...facts(), recordBlock: 103 }
    const task = next(fresh(), { type: 'rolled-back', facts: moved, hasEnvelope: true })
    expect(next(task, { type: 'accepted', accepted }).state.stage).to.equal('preparing')
  })

  it('goes on with its run when a reorg takes only the settlement away', () => {
    const task = after(
      fresh(),
      { type: 'accepted', accepted },
      { type: 'turn' },
      { type: 'ran', run: run() },
      settledBy(hash(7)),
      { type: 'released' },
      { type: 'unsettled', hasEnvelope: true }
    )
    expect(task.state).to.include({ stage: 'submitted' })
    expect(effectOf(task.state)).to.equal('submit')
  })

  it('rebuilds a task that another seat settled when its delta is lost, and never one that it has no seat of', () => {
    const settled = after(fresh(), settledBy(hash(7)))
    const rebuilding = next(settled, { type: 'lost' })
    expect(effectOf(rebuilding.state)).to.equal('rebuild')
    expect(next(rebuilding, { type: 'head', block: 400 }).state.stage).to.equal('rebuilding')
    const rebuilt = next(rebuilding, { type: 'rebuilt', run: run(7) })
    expect(effectOf(rebuilt.state)).to.equal('release')
    expect(next(rebuilding, { type: 'unrebuildable', reason: 'x' }).state.stage).to.equal('settled')
    expect(after(fresh(null), settledBy(hash(7)), { type: 'lost' }).state.stage).to.equal('settled')
    const released = next(rebuilt, { type: 'released' })
    // It never promised anything: when a reorg takes the receipt away, it begins anew.
    expect(next(released, { type: 'unsettled', hasEnvelope: true }).state.stage).to.equal('preparing')
  })

  // -------------------------------------------------------------- properties

  const anyEvent: fc.Arbitrary<TaskEventIn> = fc.oneof(
    fc.constant<TaskEventIn>({ type: 'envelope' }),
    fc.integer({ min: 100, max: 140 }).map(block => ({ type: 'head', block }) as TaskEventIn),
    fc.constant<TaskEventIn>({ type: 'accepted', accepted }),
    fc.constant<TaskEventIn>({ type: 'declined', reason: 'INPUT_NOT_FOR_SEAT' }),
    fc.constant<TaskEventIn>({ type: 'turn' }),
    fc.constantFrom(6, 7, 8).map(n => ({ type: 'ran', run: run(n) }) as TaskEventIn),
    fc.constant<TaskEventIn>({ type: 'run-failed', reason: 'x', block: 110 }),
    fc.constant<TaskEventIn>({ type: 'signed' }),
    fc.constant<TaskEventIn>({ type: 'stale', notBefore: 110 }),
    fc.constantFrom(6, 7, 8).map(n => settledBy(hash(n))),
    fc.constant<TaskEventIn>(settledBy(hash(0), TaskStatus.ReceiptFailedReturn)),
    fc.constant<TaskEventIn>({ type: 'released' }),
    fc.constant<TaskEventIn>({ type: 'unreleasable', reason: 'x' }),
    fc.constantFrom(6, 7, 8).map(n => ({ type: 'rebuilt', run: run(n) }) as TaskEventIn),
    fc.constant<TaskEventIn>({ type: 'unrebuildable', reason: 'x' })
  )
  const anyTask = fc.record({ seat: fc.constantFrom(null, 0, 1, 2), hasEnvelope: fc.boolean() })
  const seeded = { seed: Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31), numRuns: 2_000 }

  it(`reaches a final state after any events once the chain settles the task (seed ${seeded.seed})`, () => {
    fc.assert(
      fc.property(
        anyTask,
        fc.array(anyEvent, { maxLength: 40 }),
        fc.boolean(),
        ({ seat, hasEnvelope }, events, paid) => {
          let task = after(fresh(seat, hasEnvelope), ...events)
          // What the chain does to every task in the end: one receipt, or the refund after the deadline.
          task = next(task, paid ? settledBy(hash(7)) : settledBy(hash(0), TaskStatus.ReceiptFailedReturn))
          // What effects do in the end.
          if (effectOf(task.state) === 'release') task = next(task, { type: 'released' })
          expect(FINAL_STAGES).to.include(task.state.stage)
        }
      ),
      seeded
    )
  })

  it(`asks for the refund of every task that nobody settled, whatever came before (seed ${seeded.seed})`, () => {
    const unsettled = anyEvent.filter(event => event.type !== 'settled')
    fc.assert(
      fc.property(anyTask, fc.array(unsettled, { maxLength: 40 }), ({ seat, hasEnvelope }, events) => {
        const task = after(fresh(seat, hasEnvelope), ...events)
        const late = deadlineOf(100) + facts(seat).refundDelay
        const end = after(task, { type: 'head', block: late }, { type: 'head', block: late + 1 })
        expect(effectOf(end.state)).to.equal('refund')
      }),
      seeded
    )
  })

  it(`never sends a receipt after the task is settled or past its deadline, and only with a run on disk (seed ${seeded.seed})`, () => {
    fc.assert(
      fc.property(anyTask, fc.array(anyEvent, { maxLength: 60 }), ({ seat, hasEnvelope }, events) => {
        let task = fresh(seat, hasEnvelope)
        let closed = false
        for (const event of events) {
          const before = task.state
          task = next(task, event)
          closed ||= event.type === 'settled' || (event.type === 'head' && event.block >= deadlineOf(100))
          if (effectOf(task.state) !== 'submit') continue
          expect(closed).to.equal(false)
          expect(task.facts.seat).not.to.equal(null)
          if (before.stage !== 'sealed' && before.stage !== 'submitted') expect(event.type).to.equal('ran')
        }
      }),
      seeded
    )
  })

  it(`never leaves a final state but by a reorg (seed ${seeded.seed})`, () => {
    const finals: TaskState[] = [
      { stage: 'released', accepted, runs: 1, run: run(), block: 102 },
      { stage: 'settled', block: 102, reason: 'x' },
      { stage: 'returned', block: 130 },
      { stage: 'orphaned' }
    ]
    fc.assert(
      fc.property(fc.constantFrom(...finals), fc.array(anyEvent, { maxLength: 10 }), (state, events) => {
        const task = after({ facts: facts(), state }, ...events)
        expect(isFinal(task.state)).to.equal(true)
        expect(task.state).to.deep.equal(state)
      }),
      seeded
    )
  })
})
