import { randomBytes } from 'node:crypto'
import { asError, printable, toHex, type TaskEvent, type TaskId } from '@enigma/protocol'
import { sleep } from '../net/deadline.ts'
import type { Logger } from '../ops/log.ts'
import type { TaskRelay } from '../sync/interfaces.ts'
import type { TaskService } from '../sync/task-service.ts'
import { RpcError } from './errors.ts'
import { eventKey, isLast, rankOf, timelineOf } from './task-timeline.ts'

export interface SubscriptionParts {
  readonly tasks: Pick<TaskService, 'events' | 'watch'>
  readonly relay: Pick<TaskRelay, 'seatStatuses'>
  /** Seats tell nothing by themselves: how often they are asked at first, and later on. */
  readonly pollMs?: number
  readonly pollMostMs?: number
  readonly log: Logger
}

/** Sends a notification to the client. */
export type Notify = (subscription: string, event: TaskEvent) => void

/**
 * Follows a task for a client: tells each event once, in order, from the first one known to `final` or `failed`.
 *
 * An event that the chain has overtaken is not told late; stages that must have happened before an inclusion and were
 * not seen are told without a signer, so that no stage is missing.
 */
export async function followTask(
  { tasks, relay, pollMs = 250, pollMostMs = 2_000 }: Omit<SubscriptionParts, 'log'>,
  taskId: TaskId,
  tell: (event: TaskEvent) => void,
  signal: AbortSignal
): Promise<void> {
  const told = new Set<string>()
  let rank = -1
  const emit = (event: TaskEvent): void => {
    if (told.has(eventKey(event))) return
    told.add(eventKey(event))
    rank = Math.max(rank, rankOf(event.stage))
    tell(event)
  }
  let wake = Promise.withResolvers<void>()
  const unwatch = tasks.watch(taskId, () => wake.resolve())
  let pause = pollMs
  try {
    for (;;) {
      const woken = wake.promise
      const events = await timelineOf(tasks, relay, taskId)
      if (signal.aborted) return
      const included = events.find(event => event.stage === 'verified')
      for (const event of included ? complete(events) : events) {
        // After an inclusion, what a slow seat says of the stages before is no news.
        if (rank >= rankOf('verified') && rankOf(event.stage) < rankOf('verified')) continue
        emit(event)
        if (isLast(event)) return
      }
      await Promise.race([woken, sleep(pause, signal)])
      if (signal.aborted) return
      wake = Promise.withResolvers()
      pause = Math.min(pollMostMs, pause * 1.25)
    }
  } finally {
    unwatch()
  }
}

/** A receipt on chain was accepted, run and committed by some seat, whether or not that was seen. */
function complete(events: readonly TaskEvent[]): TaskEvent[] {
  const implied = (['accepted', 'executing', 'committed'] as const)
    .filter(stage => !events.some(event => event.stage === stage))
    .map(stage => ({ stage }))
  return [...events, ...implied].sort((a, b) => rankOf(a.stage) - rankOf(b.stage))
}

/** The subscriptions of one WebSocket. */
export class TaskSubscriptions {
  readonly #parts: SubscriptionParts
  readonly #notify: Notify
  readonly #max: number
  readonly #running = new Map<string, AbortController>()

  constructor(parts: SubscriptionParts, notify: Notify, max: number) {
    this.#parts = parts
    this.#notify = notify
    this.#max = max
  }

  /** Nothing is told before the caller has the id: the first look at the seats begins after this call has returned. */
  subscribe(taskId: TaskId, answered: Promise<void>): string {
    if (this.#running.size >= this.#max) {
      throw new RpcError(
        { code: 'RPC_TOO_MANY', what: 'subscriptions', limit: this.#max },
        `A connection has at most ${this.#max} subscriptions.`,
        { hint: 'Unsubscribe from tasks you no longer follow, or open another connection.' }
      )
    }
    const id = toHex(randomBytes(16))
    const stop = new AbortController()
    this.#running.set(id, stop)
    void answered
      .then(() => followTask(this.#parts, taskId, event => this.#notify(id, event), stop.signal))
      .catch((err: unknown) =>
        this.#parts.log.error('A subscription failed', { error: printable(asError(err).message) })
      )
      .finally(() => this.#running.delete(id))
    return id
  }

  unsubscribe(id: string): boolean {
    const stop = this.#running.get(id)
    stop?.abort()
    return this.#running.delete(id)
  }

  end(): void {
    for (const stop of this.#running.values()) stop.abort()
    this.#running.clear()
  }
}
