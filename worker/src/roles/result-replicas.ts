import { setTimeout as sleep } from 'node:timers/promises'
import { TaskStatus, ZERO_HASH, type Address, type TaskId } from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import type { Logger } from '../ops/log.ts'
import type { DeltaSync, TaskRelay } from '../sync/interfaces.ts'

export interface ResultReplicasParts {
  readonly chain: Pick<ChainReader, 'subscribe' | 'seats' | 'facts' | 'task' | 'contract'>
  readonly relay: Pick<TaskRelay, 'result'>
  readonly sync: Pick<DeltaSync, 'ensure'>
  readonly signer: Address
  readonly log: Logger
  /** Nobody hands out the output or the delta of this settled task (R10). */
  readonly onLost: (taskId: TaskId) => void
  /** Before the first look; later ones are twice as far apart each. The seat that was first needs a moment to release its result. */
  readonly firstPauseMs?: number
}

const ATTEMPTS = 6
const MAX_UNDER_WAY = 64
/** Seats take turns at rebuilding, so that the first of them spares the others the work. */
const SEAT_PAUSE_FACTOR = 8

/**
 * Fetches the results and deltas of tasks of which this worker holds a seat, so that they do not depend on the one worker that was
 * first. The relay and the store check them against the chain and keep them. What cannot be had from anybody is lost, and told.
 */
export function startResultReplicas(parts: ResultReplicasParts): () => void {
  const { chain, relay, sync, signer, log, onLost, firstPauseMs = 300 } = parts
  const stopped = new AbortController()
  const { signal } = stopped
  const underWay = new Set<TaskId>()
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined)

  /** Position of the delta in the contract's history; null: the run wrote nothing, or a reorg took it. */
  function deltaIndex({ scAddr, settlement }: ChainTask): number | null {
    if (!settlement || settlement.deltaHash === ZERO_HASH) return null
    const found = chain.contract(scAddr)?.steps.find(step => step.deltaHash === settlement.deltaHash)
    return found?.index ?? null
  }

  async function isHere(task: ChainTask): Promise<boolean> {
    if (!(await relay.result(task.taskId).catch(() => null))) return false
    const index = deltaIndex(task)
    return index === null || sync.ensure(task.scAddr, index, signal).then(() => true, () => false) // prettier-ignore
  }

  const seatOf = ({ epoch, scAddr }: ChainTask): number =>
    chain.seats(epoch, scAddr).findIndex(leaf => leaf.signer === signer)

  async function copy(taskId: TaskId): Promise<void> {
    let ms = firstPauseMs
    for (let tries = 0; tries < ATTEMPTS; tries++, ms *= 2) {
      await pause(ms)
      const task = chain.task(taskId)
      if (signal.aborted || !task?.settlement) return
      if (await isHere(task)) return
    }
    const task = chain.task(taskId)
    if (!task) return
    await pause(SEAT_PAUSE_FACTOR * firstPauseMs * seatOf(task))
    if (signal.aborted || (await isHere(task))) return
    log.warn('nobody hands out what a receipt stands for', { taskId })
    onLost(taskId)
  }

  const wanted = (task: ChainTask): boolean =>
    (task.settlement?.status === TaskStatus.ReceiptVerified || task.settlement?.status === TaskStatus.ReceiptFailed) &&
    seatOf(task) !== -1

  /** A result is released once its receipt has its confirmations. */
  const waiting = new Map<TaskId, number>()
  const unsubscribe = chain.subscribe(event => {
    if (event.type === 'task-settled' && wanted(event.task)) {
      waiting.set(event.task.taskId, event.task.settlement!.block + chain.facts.confirmations - 1)
    }
    if (event.type !== 'head') return
    for (const [taskId, block] of waiting) {
      if (event.head.number < block || underWay.size >= MAX_UNDER_WAY) continue
      waiting.delete(taskId)
      underWay.add(taskId)
      void copy(taskId).finally(() => underWay.delete(taskId))
    }
  })
  return () => {
    unsubscribe()
    stopped.abort()
  }
}
