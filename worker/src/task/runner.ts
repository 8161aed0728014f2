import { setTimeout as sleep } from 'node:timers/promises'
import { EnigmaError, asError, codeOf, type Address, type Hash, type TaskId } from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import type { ReachPoint } from '../ops/crash-points.ts'
import type { Logger } from '../ops/log.ts'
import type { Precedence } from '../ops/precedence.ts'
import { retry } from '../ops/retry.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import { ChainEvents } from './chain-events.ts'
import type { Effects, Outcome } from './effects.ts'
import type { EnvelopeStore } from './envelope-store.ts'
import type { Unsettled } from './lane.ts'
import { Outlook } from './outlook.ts'
import { runRefOf } from './run-ref.ts'
import { effectOf, isFinal, isPersistent, next, type Task, type TaskEventIn, type TaskFacts } from './machine.ts'
import { turns } from './schedule.ts'
import { TaskBook, type Entry } from './task-book.ts'
import { factsOf } from './task-facts.ts'
import type { TaskStore } from './task-store.ts'

export interface RunnerParts {
  readonly chain: ChainReader
  readonly store: TaskStore
  readonly envelopes: EnvelopeStore
  readonly effects: Effects
  readonly signer: Address // of this worker's enclave
  readonly operator: Address
  readonly board: StatusBoard
  readonly precedence: Precedence
  readonly log: Logger
  readonly reach: ReachPoint
  /** Settled tasks kept on disk and in memory. */
  readonly kept?: number
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000
const DISK_PAUSE_MS = 1_000
const NOTE_WAITS_MS = 400
/** Tasks that the log names at the start. */
const MAX_TOLD = 20
/** Settled tasks kept on disk and in memory, for late questions: at most 4 MiB of memory. */
const KEPT_SETTLED = 5_000

/** Feeds the task machines with what happens, and does what they want done. docs/spec/task-machine.md */
export class TaskRunner {
  readonly #parts: RunnerParts
  readonly #book = new TaskBook()
  readonly #outlook: Outlook
  readonly #chainEvents: ChainEvents
  readonly #listeners = new Set<(taskId: TaskId) => void>()
  #unsubscribe: (() => void) | null = null
  #stopped = false

  constructor(parts: RunnerParts) {
    this.#parts = parts
    this.#outlook = new Outlook(this.#book, parts.chain)
    this.#chainEvents = new ChainEvents(
      { ...parts, book: this.#book, outlook: this.#outlook, kept: parts.kept ?? KEPT_SETTLED },
      {
        add: task => this.#add(task),
        post: (taskId, event) => this.#post(taskId, event),
        settled: task => this.#settle(task),
        forgotten: tasks => void this.#drop(tasks),
        idle: () => this.#idle(),
        headTaken: () => this.#giveTurns()
      }
    )
    parts.precedence.pressing = () => this.#outlook.pressing()
  }

  /** Takes up the tasks on disk where they stood, then those that the chain knows and the disk does not. */
  async start(): Promise<void> {
    const { store, chain, log, kept = KEPT_SETTLED } = this.#parts
    await store.prune(kept)
    for (const task of await store.load()) this.#book.add(task)
    const open = [...this.#book.open()].map(({ task: { facts, state } }) => `${facts.taskId} ${state.stage}`)
    if (open.length > 0)
      log.info('tasks are taken up where they stood', { tasks: open.slice(0, MAX_TOLD).join(', '), open: open.length })
    this.#unsubscribe = chain.subscribe(event => this.#chainEvents.take(event))
    this.#chainEvents.catchUp()
    await this.#idle()
    for (const entry of this.#book.open()) if (!entry.effect) this.#startEffect(entry)
    this.#chainEvents.head(chain.head().number, true)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unsubscribe?.()
    for (const entry of this.#book.open()) entry.effect?.abort()
    await this.#idle()
  }

  /** Every event posted so far is taken. */
  async #idle(): Promise<void> {
    await Promise.all([...this.#book.entries()].map(entry => entry.queue))
  }

  task(taskId: TaskId): Task | null {
    return this.#book.get(taskId)?.task ?? null
  }
  /** Tasks that are not settled, and of which this worker holds a seat. */
  get underWay(): number {
    return this.#book.underWay()
  }
  /** How many tasks stand at each stage. */
  stages(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { task } of this.#book.entries()) counts[task.state.stage] = (counts[task.state.stage] ?? 0) + 1
    return counts
  }
  /** Tasks that need a view of the newest block now or soon, the oldest first. */
  foreseen(): Generator<TaskFacts> {
    return this.#outlook.foreseen()
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

  /** R10: nobody hands out what the accepted receipt of a task stands for. */
  onLost(taskId: TaskId): void {
    const task = this.#parts.chain.task(taskId)
    if (task?.settlement && !this.#book.get(taskId)) {
      // Recorded and settled while this worker was away.
      const facts = factsOf(this.#parts.chain, this.#parts, task)
      const reason = 'another seat was first'
      if (facts.seat !== null) this.#add({ facts, state: { stage: 'settled', block: task.settlement.block, reason } })
    }
    this.#post(taskId, { type: 'lost' })
  }

  // ------------------------------------------------------------------ machine

  #add(task: Task): void {
    this.#startEffect(this.#book.add(task))
    this.#tell(task.facts.taskId)
  }

  #settle({ taskId, settlement }: ChainTask): void {
    const entry = this.#book.get(taskId)
    if (!settlement || !entry) return
    const { block, status, digest } = settlement
    void this.#enqueue(entry, 'settled', async () => {
      const { state } = entry.task
      const known = isFinal(state) || ('run' in state && state.run.digest === digest)
      // A receipt from before a reorg may fit the record again; what its run gave us is still on disk.
      const stored = known ? null : await this.#parts.store.run(digest)
      const run = stored && runRefOf(digest, stored.receipt)
      await this.#step(entry, { type: 'settled', block, status, digest, run }, {})
    })
    this.#tell(taskId)
  }

  /** What cannot be dropped now is at the next start. */
  async #drop(tasks: readonly Task[]): Promise<void> {
    const { store, log } = this.#parts
    await store.drop(tasks).catch(error => log.warn('old tasks stay on disk', { error: asError(error).message }))
  }

  #dispatch(taskId: TaskId, event: TaskEventIn, added: Omit<Outcome, 'event'> = {}): Promise<void> {
    const entry = this.#book.get(taskId)
    if (!entry) return Promise.resolve()
    return this.#enqueue(entry, event.type, () => this.#step(entry, event, added))
  }

  #enqueue(entry: Entry, event: TaskEventIn['type'], work: () => Promise<void>): Promise<void> {
    const { taskId } = entry.task.facts
    entry.queue = entry.queue.then(work).catch(error => {
      this.#parts.log.error('a task event was lost', { taskId, event, error: asError(error).message })
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
    const isOthers = after.state.stage === 'settled' && !('run' in before.state)
    if (after.facts.seat !== null && isPersistent(after.state) && !isOthers) await this.#save(after, added)
    const { taskId } = after.facts
    if (after.state.stage === 'accepted' && before.state.stage === 'preparing') this.#parts.reach('accepted')
    if (after.state.stage === 'sealed') this.#parts.reach('sealed-run')
    if (after.state.stage === 'included') this.#parts.reach('inclusion')
    if (after.state.stage === 'released') this.#parts.reach('released')
    if (after.state.stage === 'expired') this.#logExpiry(entry)
    entry.failure = null
    if (after.state.stage === 'rebuilding') this.#parts.reach('rebuilding')
    this.#book.set(entry, after)
    if (isOthers && after.facts.seat !== null) void this.#saveLater(entry)
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
    this.#parts.precedence.mayHaveEased()
  }

  /** A full disk must not lose a step: the task waits until it can be written. */
  async #save(task: Task, added: Omit<Outcome, 'event'>): Promise<void> {
    for (;;) {
      try {
        await this.#parts.store.save(task, added)
        return
      } catch (error) {
        if (this.#stopped) throw error
        this.#parts.log.error('a task could not be written', { error: asError(error).message })
        await sleep(DISK_PAUSE_MS)
      }
    }
  }

  /** That another seat settled a task is on chain too: it may be lost here, so its writing lets receipts go first. */
  async #saveLater(entry: Entry): Promise<void> {
    const { task } = entry
    await this.#parts.precedence.giveWay(NOTE_WAITS_MS)
    if (this.#stopped || entry.task !== task) return
    await this.#save(task, {}).catch(() => undefined) // it stopped meanwhile
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
    const { scAddr } = entry.task.facts
    const unsettled = (): Unsettled[] => this.#outlook.unsettled(scAddr)
    const coming = (): number => this.#outlook.coming(scAddr)
    const outcome = await retry(() => effect(entry.task, { signal, tell, unsettled, coming }), {
      signal,
      firstPauseMs: FIRST_PAUSE_MS,
      longestPauseMs: LONGEST_PAUSE_MS,
      onFailure: error => this.#logFailure(entry, error)
    })
    if (!outcome) return
    const { event, ...added } = outcome
    await this.#dispatch(taskId, event, added)
  }

  /** A seat that came to nothing says where it stood, and why. */
  #logExpiry({ task: { facts, state }, failure }: Entry): void {
    const { taskId, seat } = facts
    if (seat === null) return
    this.#parts.log.warn('a task expired at this seat', {
      taskId,
      seat,
      at: state.stage,
      failure: failure ?? undefined
    })
  }

  #logFailure(entry: Entry, error: unknown): void {
    const { facts, state } = entry.task
    entry.failure = `${codeOf(error)}: ${asError(error).message}`
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
    const tasks = [...this.#book.open()].map(entry => entry.task)
    for (const task of turns(tasks, this.#parts.chain.head().number)) {
      void this.#dispatch(task.facts.taskId, { type: 'turn' })
    }
  }

  #tell(taskId: TaskId): void {
    this.#parts.board.gauge('tasks_under_way', this.underWay)
    for (const listener of this.#listeners) listener(taskId)
  }
}
