import { TaskStatus, deadlineOf, type Hash, type Hex, type ScAddr, type TaskId } from '@enigma/protocol'

/**
 * The life of one task at one worker, as a pure function. docs/spec/task-machine.md
 *
 * `next` says what an event makes of a state; `effectOf` says what a state wants done. The runner does effects, turns
 * their outcomes into events, and after a restart simply does the effect of the state it finds on disk. So every effect
 * may be done again.
 */

/** What the chain and the draw say of a task; changes only if a reorg moves its record. */
export interface TaskFacts {
  readonly taskId: TaskId
  readonly scAddr: ScAddr
  readonly inputHash: Hash
  readonly epoch: number
  readonly recordBlock: number
  readonly order: number // of the record on chain
  readonly seat: number | null // lowest own seat; null: this worker only sees to the refund
  readonly refundDelay: number // blocks after the deadline, so that not all send at once
}

/** A signed promise to run the task. */
export interface Acceptance {
  readonly recordBlock: number
  readonly signature: Hex
}

/** A finished run; its bytes (receipt, delta, SealedRun) are on disk under the digest. */
export interface RunRef {
  readonly digest: Hash // of the receipt
  readonly prevHead: Hash
  readonly deltaHash: Hash
  readonly callback: boolean // whether the receipt carries one: nothing is run ahead of its outcome
}

export type TaskState =
  | { readonly stage: 'waiting-input' } // recorded, but no envelope here
  | { readonly stage: 'preparing' } // a view, the state, the enclave's acceptance
  | { readonly stage: 'accepted'; readonly accepted: Acceptance; readonly notBefore: number; readonly runs: number }
  | { readonly stage: 'running'; readonly accepted: Acceptance; readonly runs: number }
  | { readonly stage: 'sealed'; readonly accepted: Acceptance; readonly runs: number; readonly run: RunRef }
  | { readonly stage: 'submitted'; readonly accepted: Acceptance; readonly runs: number; readonly run: RunRef }
  | {
      readonly stage: 'included'
      readonly accepted: Acceptance | null // null: run only once the chain had the receipt
      readonly runs: number
      readonly run: RunRef
      readonly block: number
    }
  | { readonly stage: 'declined'; readonly reason: string } // this seat signs nothing; others may
  | { readonly stage: 'watching' } // no seat here
  | { readonly stage: 'rebuilding'; readonly block: number } // settled by another, whose delta or output is lost (R10)
  | { readonly stage: 'expired' } // past its deadline; the fee goes back when this worker's turn comes
  | { readonly stage: 'refunding' }
  // final
  | {
      readonly stage: 'released'
      readonly accepted: Acceptance | null
      readonly runs: number
      readonly run: RunRef
      readonly block: number
    }
  | {
      readonly stage: 'settled' // by another receipt than ours
      readonly block: number
      readonly reason: string
      readonly lost?: true // nobody handed out its delta or output, and this seat could not run it again: the reason says why
    }
  | { readonly stage: 'returned'; readonly block: number }
  | { readonly stage: 'orphaned' } // a reorg took its record away

export type TaskEventIn =
  | { readonly type: 'envelope' }
  | { readonly type: 'head'; readonly block: number }
  | { readonly type: 'accepted'; readonly accepted: Acceptance }
  | { readonly type: 'declined'; readonly reason: string }
  | { readonly type: 'turn' } // window open, and the contract's lane is free
  | { readonly type: 'ran'; readonly run: RunRef }
  | { readonly type: 'run-failed'; readonly reason: string; readonly block: number }
  | { readonly type: 'signed' } // the transaction is on disk
  | { readonly type: 'stale'; readonly notBefore: number } // the head moved: the run is void; the next one from this block on
  | {
      readonly type: 'settled'
      readonly block: number
      readonly status: number
      readonly digest: Hash
      readonly run: RunRef | null // a run of ours with this receipt, from before a reorg perhaps
    }
  | { readonly type: 'released' }
  | { readonly type: 'unreleasable'; readonly reason: string }
  | { readonly type: 'lost' } // nobody hands out the delta or the output of its accepted receipt
  | { readonly type: 'rebuilt'; readonly run: RunRef }
  | { readonly type: 'unrebuildable'; readonly reason: string }
  | { readonly type: 'unsettled'; readonly hasEnvelope: boolean } // a reorg took the settlement or the deadline away, not the record
  | { readonly type: 'rolled-back'; readonly facts: TaskFacts | null; readonly hasEnvelope: boolean }

export interface Task {
  readonly facts: TaskFacts
  readonly state: TaskState
}

export type Effect = 'prepare' | 'run' | 'submit' | 'release' | 'refund' | 'rebuild'

/** A thread that failed gets one more try (R6); a receipt that lost is run again, but not for ever. */
const MAX_FAILED_RUNS = 2
const MAX_RUNS = 32

export const FINAL_STAGES: readonly TaskState['stage'][] = ['released', 'settled', 'returned', 'orphaned']
export const isFinal = (state: TaskState): boolean => FINAL_STAGES.includes(state.stage)
/** Stages of a task that no receipt can settle any more. */
export const isPastDeadline = (state: TaskState): boolean => state.stage === 'expired' || state.stage === 'refunding'
/** Stages in which this worker has a run of the task that is not settled. */
export const holdsLane = (state: TaskState): state is TaskState & { stage: 'running' | 'sealed' | 'submitted' } =>
  state.stage === 'running' || state.stage === 'sealed' || state.stage === 'submitted'
/** Stages that R8 wants on disk before anything follows from them. */
export const isPersistent = (state: TaskState): boolean =>
  ['accepted', 'sealed', 'submitted', 'included', 'rebuilding', 'released', 'settled', 'returned'].includes(state.stage)

export function firstState(facts: TaskFacts, hasEnvelope: boolean): TaskState {
  if (facts.seat === null) return { stage: 'watching' }
  return { stage: hasEnvelope ? 'preparing' : 'waiting-input' }
}

export function effectOf(state: TaskState): Effect | null {
  switch (state.stage) {
    case 'preparing':
      return 'prepare'
    case 'running':
      return 'run'
    case 'sealed':
    case 'submitted':
      return 'submit'
    case 'included':
      return 'release'
    case 'refunding':
      return 'refund'
    case 'rebuilding':
      return 'rebuild'
    default:
      return null
  }
}

function settle(state: TaskState, event: TaskEventIn & { type: 'settled' }): TaskState {
  const { block, status, digest } = event
  if (status === TaskStatus.ReceiptFailedReturn) return { stage: 'returned', block }
  // Its state change is void, so its output must never come out (R8).
  if (status === TaskStatus.ReceiptFailedETH) return { stage: 'settled', block, reason: 'its callback failed' }
  // Every seat signs the same receipt (R6), so a run of ours counts whoever's transaction carried it.
  const run = 'run' in state && state.run.digest === digest ? state.run : event.run
  if (run) {
    const accepted = 'accepted' in state ? state.accepted : null
    return { stage: 'included', accepted, runs: 'runs' in state ? state.runs : 1, run, block }
  }
  return { stage: 'settled', block, reason: 'run' in state ? 'another receipt was accepted' : 'another seat was first' }
}

function onHead(facts: TaskFacts, state: TaskState, block: number): TaskState {
  const deadline = deadlineOf(facts.recordBlock)
  switch (state.stage) {
    case 'waiting-input':
    case 'preparing':
    case 'accepted':
    case 'running':
    case 'sealed':
    case 'submitted':
    case 'declined':
    case 'watching':
      // The index has every block up to the deadline, and no receipt was in them: none can come any more (R7, R12).
      return block >= deadline ? { stage: 'expired' } : state
    case 'expired':
      return block >= deadline + facts.refundDelay ? { stage: 'refunding' } : state
    default:
      return state
  }
}

/** An event that means nothing in a state leaves it as it is: outcomes may come late, in any order. */
export function next({ facts, state }: Task, event: TaskEventIn): Task {
  const to = (after: TaskState): Task => ({ facts, state: after })
  if (event.type === 'rolled-back') {
    if (!event.facts) return to({ stage: 'orphaned' })
    return { facts: event.facts, state: firstState(event.facts, event.hasEnvelope) }
  }
  if (event.type === 'unsettled') {
    const isOver = isFinal(state) || isPastDeadline(state) || state.stage === 'included' || state.stage === 'rebuilding'
    if (!isOver) return { facts, state }
    if (!('run' in state) || state.accepted === null) return to(firstState(facts, event.hasEnvelope))
    return to({ stage: 'submitted', accepted: state.accepted, runs: state.runs, run: state.run })
  }
  if (event.type === 'lost') {
    return state.stage === 'settled' && facts.seat !== null
      ? to({ stage: 'rebuilding', block: state.block })
      : { facts, state }
  }
  if (isFinal(state)) return { facts, state }
  switch (event.type) {
    case 'settled':
      return state.stage === 'included' || state.stage === 'rebuilding' ? { facts, state } : to(settle(state, event))
    case 'head':
      return to(onHead(facts, state, event.block))
    case 'envelope':
      return state.stage === 'waiting-input' ? to({ stage: 'preparing' }) : { facts, state }
    case 'accepted':
      if (state.stage !== 'preparing' || event.accepted.recordBlock !== facts.recordBlock) return { facts, state }
      return to({ stage: 'accepted', accepted: event.accepted, notBefore: 0, runs: 0 })
    case 'declined':
      return state.stage === 'preparing' || holdsLane(state)
        ? to({ stage: 'declined', reason: event.reason })
        : { facts, state }
    case 'turn':
      if (state.stage !== 'accepted') return { facts, state }
      return to({ stage: 'running', accepted: state.accepted, runs: state.runs + 1 })
    case 'ran':
      if (state.stage !== 'running') return { facts, state }
      return to({ stage: 'sealed', accepted: state.accepted, runs: state.runs, run: event.run })
    case 'run-failed':
      if (state.stage !== 'running') return { facts, state }
      if (state.runs >= MAX_FAILED_RUNS) return to({ stage: 'declined', reason: event.reason })
      return to({ stage: 'accepted', accepted: state.accepted, notBefore: event.block + 1, runs: state.runs })
    case 'signed':
      return state.stage === 'sealed' ? to({ ...state, stage: 'submitted' }) : { facts, state }
    case 'stale':
      if (!holdsLane(state)) return { facts, state }
      if (state.runs >= MAX_RUNS) return to({ stage: 'declined', reason: 'its receipt was overtaken too often' })
      return to({ stage: 'accepted', accepted: state.accepted, notBefore: event.notBefore, runs: state.runs })
    case 'released':
      return state.stage === 'included' ? to({ ...state, stage: 'released' }) : { facts, state }
    case 'rebuilt':
      if (state.stage !== 'rebuilding') return { facts, state }
      return to({ stage: 'included', accepted: null, runs: 1, run: event.run, block: state.block })
    case 'unrebuildable':
      return state.stage === 'rebuilding'
        ? to({ stage: 'settled', block: state.block, reason: event.reason, lost: true })
        : { facts, state }
    case 'unreleasable':
      return state.stage === 'included'
        ? to({ stage: 'settled', block: state.block, reason: event.reason })
        : { facts, state }
  }
}
