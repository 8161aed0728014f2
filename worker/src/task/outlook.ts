import { windowOpens, type ScAddr } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Unsettled } from './lane.ts'
import type { Task, TaskFacts, TaskState } from './machine.ts'
import type { TaskBook } from './task-book.ts'

type Stage = TaskState['stage']

const NEEDS_VIEW: readonly Stage[] = ['preparing', 'accepted', 'running', 'sealed', 'submitted', 'included']
const COMING: readonly Stage[] = ['accepted', 'running']
const PRESSING: readonly Stage[] = ['preparing', 'accepted', 'running', 'sealed']

/** What the tasks of this worker are about to need, so that the steps of one can allow for the others. */
export class Outlook {
  readonly #book: TaskBook
  readonly #chain: ChainReader

  constructor(book: TaskBook, chain: ChainReader) {
    this.#book = book
    this.#chain = chain
  }

  /** Tasks that need a view of the newest block now or soon, the oldest first. */
  *foreseen(): Generator<TaskFacts> {
    yield* this.#inWindow(NEEDS_VIEW)
      .map(({ facts }) => facts)
      .sort((a, b) => a.order - b.order)
  }

  /** Tasks of a contract whose receipts this worker will have soon. */
  coming(scAddr: ScAddr): number {
    const head = this.#chain.head().number
    const soon = ({ facts, state }: Task): boolean =>
      facts.scAddr === scAddr && (state.stage === 'running' || (state.stage === 'accepted' && head >= state.notBefore))
    return this.#inWindow(COMING).filter(soon).length
  }

  /** Tasks whose receipts are not on their way. */
  pressing(): number {
    return this.#inWindow(PRESSING).length
  }

  /** Runs of a contract that wait for the chain. Leaves out what the chain has settled already, although the task's own events have not come so far. */
  unsettled(scAddr: ScAddr): Unsettled[] {
    const runs = this.#book.unsettled().get(scAddr) ?? []
    return runs.filter(({ facts }) => this.#chain.task(facts.taskId)?.settlement === null)
  }

  /** Open tasks at these stages whose windows are open for this worker. */
  #inWindow(stages: readonly Stage[]): Task[] {
    const head = this.#chain.head().number
    return [...this.#book.open()].flatMap(({ task }) => {
      const { facts, state } = task
      const isOurs = facts.seat !== null && head >= windowOpens(facts.recordBlock, facts.seat)
      return isOurs && stages.includes(state.stage) ? [task] : []
    })
  }
}
