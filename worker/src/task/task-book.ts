import type { ScAddr, TaskId } from '@enigma/protocol'
import { isUnsettled, type Unsettled } from './lane.ts'
import { isFinal, type Task } from './machine.ts'

/** A task in memory, the events it has still to take, and what is being done for it. */
export interface Entry {
  task: Task
  queue: Promise<void> // events of a task are taken one after the other
  effect: AbortController | null
  /** What the latest try of the present stage failed with; null: nothing failed since it was entered. */
  failure: string | null
}

/** The tasks this worker follows. Those that are not over are kept apart: every head looks at them. */
export class TaskBook {
  readonly #all = new Map<TaskId, Entry>()
  readonly #open = new Map<TaskId, Entry>()

  get size(): number {
    return this.#all.size
  }
  get(taskId: TaskId): Entry | undefined {
    return this.#all.get(taskId)
  }
  entries(): IterableIterator<Entry> {
    return this.#all.values()
  }
  /** Not in a final state. */
  open(): IterableIterator<Entry> {
    return this.#open.values()
  }

  add(task: Task): Entry {
    const entry: Entry = { task, queue: Promise.resolve(), effect: null, failure: null }
    this.#all.set(task.facts.taskId, entry)
    this.set(entry, task)
    return entry
  }
  set(entry: Entry, task: Task): void {
    entry.task = task
    if (isFinal(task.state)) this.#open.delete(task.facts.taskId)
    else this.#open.set(task.facts.taskId, entry)
  }
  delete(taskId: TaskId): void {
    this.#all.delete(taskId)
    this.#open.delete(taskId)
  }

  /** Tasks that are not settled, and of which this worker holds a seat. */
  underWay(): number {
    let count = 0
    for (const { task } of this.#open.values()) if (task.facts.seat !== null) count++
    return count
  }

  /** Runs that wait for their receipt, by contract. */
  unsettled(): Map<ScAddr, Unsettled[]> {
    const lanes = new Map<ScAddr, Unsettled[]>()
    for (const { task } of this.#open.values()) {
      if (!isUnsettled(task)) continue
      const lane = lanes.get(task.facts.scAddr)
      if (lane) lane.push(task)
      else lanes.set(task.facts.scAddr, [task])
    }
    return lanes
  }
}
