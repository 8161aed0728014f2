import { SEATS, WINDOW_BLOCKS, ZERO_HASH, deadlineOf, type Address, type TaskId } from '@enigma/protocol'
import type { ChainEvent, ChainReader, ChainTask, Settlement } from '../chain/reader.ts'
import type { EnvelopeStore } from './envelope-store.ts'
import { overtaken } from './lane.ts'
import { firstState, isFinal, isPastDeadline, type Task, type TaskEventIn, type TaskState } from './machine.ts'
import type { Outlook } from './outlook.ts'
import type { Entry, TaskBook } from './task-book.ts'
import { factsOf } from './task-facts.ts'

export interface ChainEventsInit {
  readonly chain: ChainReader
  readonly envelopes: Pick<EnvelopeStore, 'has' | 'markRecorded'>
  readonly signer: Address // of this worker's enclave
  readonly operator: Address
  readonly book: TaskBook
  readonly outlook: Outlook
  /** Settled tasks that stay in memory and on disk. */
  readonly kept: number
}

/** What becomes of it at the machines. */
export interface ChainEventsSink {
  add(task: Task): void
  post(taskId: TaskId, event: TaskEventIn): void
  settled(task: ChainTask): void
  /** They are old, and no longer in the book. */
  forgotten(tasks: readonly Task[]): void
  /** Every event posted so far is taken. */
  idle(): Promise<void>
  headTaken(): void
}

/** Whether a task that is over here ended so on the chain. */
function isEndOf(state: TaskState & { readonly block: number }, settlement: Settlement | null): boolean {
  if (settlement?.block !== state.block) return false
  return !('run' in state) || state.run.digest === settlement.digest
}

/** Tells the task machines what the chain says: records, settlements, heads, and what a reorganisation undoes. docs/spec/task-machine.md */
export class ChainEvents {
  readonly #init: ChainEventsInit
  readonly #sink: ChainEventsSink

  constructor(init: ChainEventsInit, sink: ChainEventsSink) {
    this.#init = init
    this.#sink = sink
  }

  take(event: ChainEvent): void {
    switch (event.type) {
      case 'task-recorded':
        this.#onRecord(event.task)
        return
      case 'task-settled':
        this.#sink.settled(event.task)
        return
      case 'head':
        this.head(event.head.number, event.more !== true)
        return
      case 'rollback':
        this.#onRollback(event.to)
        return
      default:
        return
    }
  }

  /** What happened to tasks while this worker was away, to those that were over too: a reorganisation; and those that it does not know yet. */
  catchUp(): void {
    const { book, chain } = this.#init
    for (const entry of book.entries()) this.#reconcile(entry)
    for (const task of chain.openTasks()) if (!book.get(task.taskId)) this.#onRecord(task)
  }

  /** @param latest no further block follows at once: the index stands where the chain does */
  head(block: number, latest: boolean): void {
    const { book, chain } = this.#init
    for (const task of chain.openTasks()) {
      if (block < deadlineOf(task.recordBlock) || book.get(task.taskId)) continue
      this.#sink.add({ facts: factsOf(chain, this.#init, task), state: { stage: 'watching' } })
    }
    for (const { task } of book.open()) this.#sink.post(task.facts.taskId, { type: 'head', block })
    this.#forgetOld(block)
    if (latest) void this.#dropOvertaken()
    this.#sink.headTaken()
  }

  #onRecord(task: ChainTask): void {
    const { book, chain, envelopes } = this.#init
    const facts = factsOf(chain, this.#init, task)
    const hasEnvelope = envelopes.has(task.inputHash)
    // Told of it a second time: a reorg took the record away and the other chain has it too.
    if (book.get(task.taskId)) return this.#sink.post(task.taskId, { type: 'rolled-back', facts, hasEnvelope })
    if (facts.seat === null) return // only its deadline matters, and that it is open then: see `head`
    void envelopes.markRecorded(task.inputHash)
    this.#sink.add({ facts, state: firstState(facts, hasEnvelope) })
  }

  /** Settled tasks stay up to a bound; without a seat there is nothing to remember. */
  #forgetOld(block: number): void {
    const { book, kept } = this.#init
    const forgotten: Task[] = []
    for (const { task } of book.entries()) {
      const { taskId, seat, recordBlock } = task.facts
      if (!isFinal(task.state) || block <= recordBlock + SEATS * WINDOW_BLOCKS) continue
      if (seat !== null && book.size <= kept) continue
      book.delete(taskId)
      if (seat !== null) forgotten.push(task)
    }
    if (forgotten.length > 0) this.#sink.forgotten(forgotten)
  }

  /** Receipts that were made for a head which is no more are void: their tasks run again. */
  async #dropOvertaken(): Promise<void> {
    const { book, chain, outlook } = this.#init
    await this.#sink.idle() // what the last block settled is no longer in the way
    const notBefore = chain.head().number
    for (const scAddr of book.unsettled().keys()) {
      const head = chain.contract(scAddr)?.headHash ?? ZERO_HASH
      for (const { facts } of overtaken(head, outlook.unsettled(scAddr))) {
        this.#sink.post(facts.taskId, { type: 'stale', notBefore })
      }
    }
  }

  #onRollback(to: number): void {
    const { book, envelopes } = this.#init
    for (const { task } of book.entries()) {
      const { facts, state } = task
      const { taskId } = facts
      // A task is over by its end, or by its deadline: without either it goes on.
      const overSince = 'block' in state ? state.block : isPastDeadline(state) ? deadlineOf(facts.recordBlock) : null
      if (facts.recordBlock > to) this.#sink.post(taskId, { type: 'rolled-back', facts: null, hasEnvelope: false })
      else if (overSince !== null && overSince > to) {
        this.#sink.post(taskId, { type: 'unsettled', hasEnvelope: envelopes.has(facts.inputHash) })
      }
    }
  }

  #reconcile({ task: { facts, state } }: Entry): void {
    const { chain, envelopes } = this.#init
    const found = chain.task(facts.taskId)
    const hasEnvelope = envelopes.has(facts.inputHash)
    if (!found) return this.#sink.post(facts.taskId, { type: 'rolled-back', facts: null, hasEnvelope })
    if (found.recordBlock !== facts.recordBlock) {
      const moved = factsOf(chain, this.#init, found)
      this.#sink.post(facts.taskId, { type: 'rolled-back', facts: moved, hasEnvelope })
    } else if ('block' in state) {
      if (isEndOf(state, found.settlement)) return
      this.#sink.post(facts.taskId, { type: 'unsettled', hasEnvelope })
    }
    if (found.settlement) this.#sink.settled(found)
  }
}
