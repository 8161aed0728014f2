import { setTimeout as sleep } from 'node:timers/promises'
import { TaskStatus, type Address, type TaskId } from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import type { Logger } from '../ops/log.ts'
import type { TaskRelay } from '../sync/interfaces.ts'

export interface ResultReplicasParts {
  readonly chain: Pick<ChainReader, 'subscribe' | 'seats' | 'facts'>
  readonly relay: Pick<TaskRelay, 'result'>
  readonly signer: Address
  readonly log: Logger
}

/** The seat that was first needs a moment to release its result. */
const FIRST_PAUSE_MS = 300
const ATTEMPTS = 6
const MAX_UNDER_WAY = 64

/**
 * Fetches the results of tasks of which this worker holds a seat, so that a result does not depend on the one worker that
 * was first. The relay checks them against the chain and keeps them.
 */
export function startResultReplicas({ chain, relay, signer, log }: ResultReplicasParts): () => void {
  const stopped = new AbortController()
  const underWay = new Set<TaskId>()

  async function fetchResult(taskId: TaskId): Promise<void> {
    let pause = FIRST_PAUSE_MS
    for (let tries = 0; tries < ATTEMPTS && !stopped.signal.aborted; tries++) {
      await sleep(pause, undefined, { signal: stopped.signal }).catch(() => undefined)
      if (stopped.signal.aborted || (await relay.result(taskId).catch(() => null))) return
      pause *= 2
    }
    log.debug('a result could not be copied', { taskId })
  }

  const wanted = ({ epoch, scAddr, settlement }: ChainTask): boolean =>
    (settlement?.status === TaskStatus.ReceiptVerified || settlement?.status === TaskStatus.ReceiptFailed) &&
    chain.seats(epoch, scAddr).some(leaf => leaf.signer === signer)

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
      void fetchResult(taskId).finally(() => underWay.delete(taskId))
    }
  })
  return () => {
    unsubscribe()
    stopped.abort()
  }
}
