import { windowOpens, type ScAddr } from '@enigma/protocol'
import { isUnsettled } from './lane.ts'
import type { Task } from './machine.ts'

/** A task that is not accepted yet holds back later ones of its contract only this many blocks after its record. */
const COURTESY_BLOCKS = 2
/** Runs ahead of the chain, with the one that is about to begin: what one batch can carry (R7). */
export const MAX_AHEAD = 64

interface Lane {
  running: boolean
  callback: boolean
  unsettled: number
  first: Task | null
}

/**
 * Picks the tasks whose turn it is: of each contract one, in record order, once its window is open. It runs ahead on the
 * worker's own unsettled runs, but never past one with a callback: its outcome is known on chain only.
 *
 * The order is a preference, not a lock: a record without an input, or one that this seat cannot run, must not stop the
 * contract. Ethereum orders the results (R7).
 */
export function turns(tasks: Iterable<Task>, head: number): Task[] {
  const lanes = new Map<ScAddr, Lane>()
  for (const task of tasks) {
    const { facts, state } = task
    let lane = lanes.get(facts.scAddr)
    if (!lane) lanes.set(facts.scAddr, (lane = { running: false, callback: false, unsettled: 0, first: null }))
    if (state.stage === 'running') lane.running = true
    if (isUnsettled(task)) {
      lane.unsettled += 1
      lane.callback ||= task.state.run.callback
    }
    if (facts.seat === null || head < windowOpens(facts.recordBlock, facts.seat)) continue
    const waits = state.stage === 'preparing' && head < facts.recordBlock + COURTESY_BLOCKS
    const runnable = state.stage === 'accepted' && head >= state.notBefore
    if (!waits && !runnable) continue
    if (!lane.first || facts.order < lane.first.facts.order) lane.first = task
  }
  return [...lanes.values()].flatMap(({ running, callback, unsettled, first }) =>
    first?.state.stage === 'accepted' && !running && !callback && unsettled < MAX_AHEAD - 1 ? [first] : []
  )
}
