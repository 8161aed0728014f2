import { ZERO_HASH, nextHead, type Hash } from '@enigma/protocol'
import type { RunRef, Task, TaskState } from './machine.ts'

/** A task whose run waits for its receipt to be settled. */
export type Unsettled = Task & { readonly state: TaskState & { readonly run: RunRef } }

export const isUnsettled = (task: Task): task is Unsettled =>
  task.state.stage === 'sealed' || task.state.stage === 'submitted'

/** A lane of 64 runs is put in order several times with every run. */
const heads = new WeakMap<RunRef, Hash>()

function headAfter(run: RunRef): Hash {
  const { prevHead, deltaHash } = run
  if (deltaHash === ZERO_HASH) return prevHead
  const known = heads.get(run)
  if (known) return known
  const head = nextHead(prevHead, deltaHash)
  heads.set(run, head)
  return head
}

/**
 * The unsettled runs of one contract as they follow each other from a head on: the order in which their receipts have to reach
 * the chain (R7). Runs that changed nothing come before the one that moves their head. What does not follow is left out.
 */
export function orderFrom(head: Hash, tasks: Iterable<Unsettled>): Unsettled[] {
  const byHead = new Map<Hash, Unsettled[]>()
  for (const task of tasks) {
    const { prevHead } = task.state.run
    const same = byHead.get(prevHead)
    if (same) same.push(task)
    else byHead.set(prevHead, [task])
  }
  const ordered: Unsettled[] = []
  for (let at: Hash | null = head; at !== null;) {
    const here: Unsettled[] = (byHead.get(at) ?? []).sort((a, b) => a.facts.order - b.facts.order)
    byHead.delete(at)
    ordered.push(...here.filter(task => task.state.run.deltaHash === ZERO_HASH))
    const mover: Unsettled | undefined = here.find(task => task.state.run.deltaHash !== ZERO_HASH)
    if (mover) ordered.push(mover)
    at = mover ? headAfter(mover.state.run) : null
  }
  return ordered
}

/**
 * Runs whose receipts cannot count on the chain as it stands: the contract moved on without them, or without a run they build on.
 * Only to be asked of an index that has reached the chain's head.
 */
export function overtaken(head: Hash, tasks: readonly Unsettled[]): Unsettled[] {
  const inOrder = new Set(orderFrom(head, tasks))
  return tasks.filter(task => !inOrder.has(task))
}
