import { windowOpens, type ScAddr } from '@enigma/protocol'
import { holdsLane, type Task } from './machine.ts'

/** A task that is not accepted yet holds back later ones of its contract only this many blocks after its record. */
const COURTESY_BLOCKS = 2

/**
 * Picks the tasks whose turn it is: of each contract at most one, in record order, once its window is open.
 *
 * The order is a preference, not a lock: a record without an input, or one that this seat cannot run, must not stop the
 * contract. Ethereum orders the results (R7).
 */
export function turns(tasks: Iterable<Task>, head: number): Task[] {
  const busy = new Set<ScAddr>()
  const first = new Map<ScAddr, Task>()
  for (const task of tasks) {
    const { facts, state } = task
    if (holdsLane(state)) busy.add(facts.scAddr)
    if (facts.seat === null || head < windowOpens(facts.recordBlock, facts.seat)) continue
    const waits = state.stage === 'preparing' && head < facts.recordBlock + COURTESY_BLOCKS
    const runnable = state.stage === 'accepted' && head >= state.notBefore
    if (!waits && !runnable) continue
    const before = first.get(facts.scAddr)
    if (!before || facts.order < before.facts.order) first.set(facts.scAddr, task)
  }
  return [...first.values()].filter(task => task.state.stage === 'accepted' && !busy.has(task.facts.scAddr))
}
