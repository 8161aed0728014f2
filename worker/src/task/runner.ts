import { setTimeout as sleep } from 'node:timers/promises'
import {
  EnigmaError,
  SEATS,
  WINDOW_BLOCKS,
  asError,
  codeOf,
  deadlineOf,
  keccakTuple,
  type Address,
  type Hash,
  type TaskId
} from '@enigma/protocol'
import type { ChainEvent, ChainReader, ChainTask } from '../chain/reader.ts'
import type { ReachPoint } from '../ops/crash-points.ts'
import type { Logger } from '../ops/log.ts'
import { retry } from '../ops/retry.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import type { Effects, Outcome } from './effects.ts'
import type { EnvelopeStore } from './envelope-store.ts'
import {
  effectOf,
  firstState,
  isFinal,
  isPersistent,
  next,
  type Task,
  type TaskEventIn,
  type TaskFacts
} from './machine.ts'
import { turns } from './schedule.ts'
import type { TaskStore } from './task-store.ts'

export interface RunnerParts {
  readonly chain: ChainReader
  readonly store: TaskStore
  readonly envelopes: EnvelopeStore
  readonly effects: Effects
  readonly signer: Address // of this worker's enclave
  readonly operator: Address
  readonly board: StatusBoard
  readonly log: Logger
  readonly reach: ReachPoint
}

interface Entry {
  task: Task
  queue: Promise<void> // events of a task are taken one after the other
  effect: AbortController | null
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000
const DISK_PAUSE_MS = 1_000
/** Settled tasks kept on disk and in memory, for late questions. */
const KEPT_SETTLED = 5_000
/** Refunds: the lowest seat first, then one seat after the other, then, spread out, workers without a seat. */
const REFUND_STEP_BLOCKS = 2
const REFUND_RANKS = 8

/** Feeds the task machines with what happens, and does what they want done. docs/spec/task-machine.md */
export class TaskRunner {
  readonly #parts: RunnerParts
  readonly #tasks = new Map<TaskId, Entry>()
  readonly #listeners = new Set<(taskId: TaskId) => void>()
  #unsubscribe: (() => void) | null = null
  #stopped = false

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  /** Takes up the tasks on disk where they stood, then those that the chain knows and the disk does not. */
  async start(): Promise<void> {
    const { store, chain } = this.#parts
    await store.prune(KEPT_SETTLED)
    for (const task of await store.load()) {
      this.#tasks.set(task.facts.taskId, { task, queue: Promise.resolve(), effect: null })
    }
    this.#unsubscribe = chain.subscribe(event => this.#onChain(event))
    for (const entry of this.#tasks.values()) if (!isFinal(entry.task.state)) this.#reconcile(entry)
    for (const task of chain.openTasks()) if (!this.#tasks.has(task.taskId)) this.#onRecord(task)
    await Promise.all([...this.#tasks.values()].map(entry => entry.queue))
    for (const entry of this.#tasks.values()) if (!entry.effect) this.#startEffect(entry)
    this.#onHead(chain.head().number)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unsubscribe?.()
    for (const entry of this.#tasks.values()) entry.effect?.abort()
    await Promise.all([...this.#tasks.values()].map(entry => entry.queue))
  }

  task(taskId: TaskId): Task | null {
    return this.#tasks.get(taskId)?.task ?? null
  }
  /** Tasks that are not settled, and of which this worker holds a seat. */
  get underWay(): number {
    let count = 0
    for (const { task } of this.#tasks.values()) if (task.facts.seat !== null && !isFinal(task.state)) count++
    return count
  }
  onChange(listener: (taskId: TaskId) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** An input is on disk: the tasks that wait for it go on. */
  async onEnvelope(inputHash: Hash): Promise<void> {
    for (const task of this.#parts.chain.tasksByInput(inputHash)) {
      await this.#parts.envelopes.markRecorded(inputHash)
      this.#post(task.taskId, { type: 'envelope' })
    }
  }

  // ------------------------------------------------------------------ chain

  #onChain(event: ChainEvent): void {
    switch (event.type) {
      case 'task-recorded':
        this.#onRecord(event.task)
        return
      case 'task-settled':
        this.#onSettled(event.task)
        return
      case 'head':
        this.#onHead(event.head.number)
        return
      case 'rollback':
        this.#onRollback(event.to)
        return
      default:
        return
    }
  }

  #factsOf(task: ChainTask): TaskFacts {
    const { taskId, scAddr, inputHash, epoch, recordBlock, order } = task
    const { chain, signer, operator } = this.#parts
    const k = chain.seats(epoch, scAddr).findIndex(leaf => leaf.signer === signer)
    const seat = k === -1 ? null : k
    const rank = Number(BigInt(keccakTuple(['bytes32', 'address'], [taskId, operator])) % BigInt(REFUND_RANKS))
    const refundDelay = REFUND_STEP_BLOCKS * (seat ?? SEATS + rank)
    return { taskId, scAddr, inputHash, epoch, recordBlock, order, seat, refundDelay }
  }

  #onRecord(task: ChainTask): void {
    const known = this.#tasks.has(task.taskId)
    const facts = this.#factsOf(task)
    const hasEnvelope = this.#parts.envelopes.has(task.inputHash)
    // Told of it a second time: a reorg took the record away and the other chain has it too.
    if (known) return this.#post(task.taskId, { type: 'rolled-back', facts, hasEnvelope })
    if (facts.seat === null) return // its refund is looked after at the deadline
    if (hasEnvelope) void this.#parts.envelopes.markRecorded(task.inputHash).catch(() => undefined)
    this.#add({ facts, state: firstState(facts, hasEnvelope) })
    this.#parts.board.count('tasks_seen')
  }

  #add(task: Task): void {
    const entry: Entry = { task, queue: Promise.resolve(), effect: null }
    this.#tasks.set(task.facts.taskId, entry)
    this.#startEffect(entry)
    this.#tell(task.facts.taskId)
  }

  #onSettled({ taskId, settlement }: ChainTask): void {
    if (!settlement) return
    const { block, status, digest } = settlement
    this.#post(taskId, { type: 'settled', block, status, digest })
    this.#tell(taskId)
  }

  #onHead(block: number): void {
    const { chain } = this.#parts
    for (const task of chain.openTasks()) {
      if (block < deadlineOf(task.recordBlock) || this.#tasks.has(task.taskId)) continue
      this.#add({ facts: this.#factsOf(task), state: { stage: 'watching' } })
    }
    for (const [taskId, entry] of this.#tasks) {
      if (!isFinal(entry.task.state)) this.#post(taskId, { type: 'head', block })
      else if (block > entry.task.facts.recordBlock + SEATS * WINDOW_BLOCKS) this.#forgetOld(taskId)
    }
    this.#giveTurns()
  }

  /** Settled tasks stay in memory up to a bound; without a seat there is nothing to remember. */
  #forgetOld(taskId: TaskId): void {
    const entry = this.#tasks.get(taskId)!
    if (entry.task.facts.seat === null || this.#tasks.size > 2 * KEPT_SETTLED) this.#tasks.delete(taskId)
  }

  #onRollback(to: number): void {
    for (const [taskId, { task }] of this.#tasks) {
      const { facts, state } = task
      if (facts.recordBlock > to) this.#post(taskId, { type: 'rolled-back', facts: null, hasEnvelope: false })
      else if ('block' in state && state.block > to) {
        this.#post(taskId, { type: 'unsettled', hasEnvelope: this.#parts.envelopes.has(facts.inputHash) })
      }
    }
  }

  /** What happened to a task while this worker was away. */
  #reconcile({ task: { facts, state } }: Entry): void {
    const found = this.#parts.chain.task(facts.taskId)
    const hasEnvelope = this.#parts.envelopes.has(facts.inputHash)
    if (!found) this.#post(facts.taskId, { type: 'rolled-back', facts: null, hasEnvelope })
    else if (found.recordBlock !== facts.recordBlock) {
      this.#post(facts.taskId, { type: 'rolled-back', facts: this.#factsOf(found), hasEnvelope })
    } else if (found.settlement && state.stage !== 'included') this.#onSettled(found)
  }

  // ------------------------------------------------------------------ machine

  #dispatch(taskId: TaskId, event: TaskEventIn, added: Omit<Outcome, 'event'> = {}): Promise<void> {
    const entry = this.#tasks.get(taskId)
    if (!entry) return Promise.resolve()
    entry.queue = entry.queue
      .then(() => this.#step(entry, event, added))
      .catch(error => {
        this.#parts.log.error('a task event was lost', { taskId, event: event.type, error: asError(error).message })
      })
    return entry.queue
  }

  #post(taskId: TaskId, event: TaskEventIn): void {
    void this.#dispatch(taskId, event)
  }

  async #step(entry: Entry, event: TaskEventIn, added: Omit<Outcome, 'event'>): Promise<void> {
    const before = entry.task
    const after = next(before, event)
    if (after.state === before.state && after.facts === before.facts) return
    if (after.facts.seat !== null && isPersistent(after.state)) await this.#save(after, added)
    const { taskId } = after.facts
    if (after.state.stage === 'accepted' && before.state.stage === 'preparing') this.#parts.reach('accepted')
    if (after.state.stage === 'sealed') this.#parts.reach('sealed-run')
    if (after.state.stage === 'included') this.#parts.reach('inclusion')
    if (after.state.stage === 'released') this.#parts.reach('released')
    entry.task = after
    this.#parts.board.count(`tasks_${after.state.stage.replace('-', '_')}`)
    this.#parts.log.info('task', {
      taskId,
      stage: after.state.stage,
      seat: after.facts.seat,
      reason: 'reason' in after.state ? after.state.reason : undefined
    })
    if (effectOf(after.state) !== effectOf(before.state) || after.facts !== before.facts) this.#startEffect(entry)
    this.#tell(taskId)
    this.#giveTurns()
  }

  /** A full disk must not lose a step: the task waits until it can be written. */
  async #save(task: Task, added: Omit<Outcome, 'event'>): Promise<void> {
    for (;;) {
      try {
        await this.#parts.store.save(task, added)
        return
      } catch (error) {
        if (this.#stopped) throw error
        this.#parts.board.alarm('DISK', 'A task could not be written to disk.')
        this.#parts.log.error('a task could not be written', { error: asError(error).message })
        await sleep(DISK_PAUSE_MS)
      }
    }
  }

  #startEffect(entry: Entry): void {
    entry.effect?.abort()
    entry.effect = null
    const effect = effectOf(entry.task.state)
    if (effect === null || this.#stopped) return
    const running = new AbortController()
    entry.effect = running
    void this.#perform(entry, this.#parts.effects[effect], running.signal)
  }

  async #perform(entry: Entry, effect: Effects[keyof Effects], signal: AbortSignal): Promise<void> {
    const { taskId } = entry.task.facts
    const tell = (event: TaskEventIn): Promise<void> => this.#dispatch(taskId, event)
    const outcome = await retry(() => effect(entry.task, { signal, tell }), {
      signal,
      firstPauseMs: FIRST_PAUSE_MS,
      longestPauseMs: LONGEST_PAUSE_MS,
      onFailure: error => this.#logFailure(entry.task, error)
    })
    if (!outcome) return
    const { event, ...added } = outcome
    await this.#dispatch(taskId, event, added)
  }

  #logFailure({ facts, state }: Task, error: unknown): void {
    const known = error instanceof EnigmaError ? (error.facts as unknown as Record<string, unknown>) : {}
    const reason = known['reason'] ?? known['error'] ?? known['peerCode']
    this.#parts.log.debug('a step of a task is tried again', {
      taskId: facts.taskId,
      stage: state.stage,
      code: codeOf(error),
      reason: typeof reason === 'string' ? reason : undefined,
      error: asError(error).message
    })
    this.#parts.board.count('task_retries')
  }

  #giveTurns(): void {
    if (this.#stopped) return
    const tasks = [...this.#tasks.values()].map(entry => entry.task)
    for (const task of turns(tasks, this.#parts.chain.head().number)) {
      void this.#dispatch(task.facts.taskId, { type: 'turn' })
    }
  }

  #tell(taskId: TaskId): void {
    this.#parts.board.gauge('tasks_under_way', this.underWay)
    for (const listener of this.#listeners) listener(taskId)
  }
}
