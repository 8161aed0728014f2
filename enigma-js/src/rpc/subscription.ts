import { TASK_STAGES, type TaskEvent, type TaskId } from '@enigma/protocol'
import { backoff, sleep } from '../waiting.ts'
import type { Workers } from './workers.ts'

/** The worker's word about a task's progress. Hints only: what counts is read from the chain. */
export type OnTaskEvent = (event: TaskEvent) => void

const OPEN_TIMEOUT_MS = 3_000
const MAX_NOTIFICATION_BYTES = 64 * 1024
const POLL_FIRST_MS = 250
const POLL_MAX_MS = 4_000

/**
 * Reports what a worker tells of a task until the signal aborts: over WebSocket, else by polling with growing pauses.
 * Never rejects for a worker's failure; the caller has the chain to look at.
 */
export async function followTask(
  workers: Workers,
  taskId: TaskId,
  onEvent: OnTaskEvent,
  signal: AbortSignal
): Promise<void> {
  await pollOnce(workers, taskId, onEvent, signal) // what happened before
  for (const url of workers.urls) {
    if (signal.aborted) return
    if (await subscribe(url, taskId, onEvent, signal)) return
  }
  await poll(workers, taskId, onEvent, signal)
}

/** Resolves to true when the signal ended it, to false when the connection did. */
function subscribe(url: string, taskId: TaskId, onEvent: OnTaskEvent, signal: AbortSignal): Promise<boolean> {
  if (typeof WebSocket === 'undefined') return Promise.resolve(false)
  return new Promise(resolve => {
    let socket: WebSocket
    try {
      socket = new WebSocket(url.replace(/^http/, 'ws'))
    } catch {
      resolve(false)
      return
    }
    let subscription: string | undefined
    const end = (byUs: boolean): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.close()
      resolve(byUs)
    }
    const onAbort = (): void => end(true)
    const timer = setTimeout(() => end(false), OPEN_TIMEOUT_MS)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.onerror = () => end(false)
    socket.onclose = () => end(false)
    socket.onopen = () =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribeTask', params: { taskId } }))
    socket.onmessage = ({ data }) => {
      const message = parse(data)
      if (message?.id === 1) {
        if (typeof message.result !== 'string') return end(false)
        clearTimeout(timer)
        subscription = message.result
      } else if (message?.method === 'taskEvent' && message.params?.subscription === subscription) {
        const event = taskEvent(message.params?.event)
        if (event !== null) onEvent(event)
      }
    }
  })
}

interface Message {
  readonly id?: unknown
  readonly result?: unknown
  readonly method?: unknown
  readonly params?: { readonly subscription?: unknown; readonly event?: unknown }
}

function parse(data: unknown): Message | null {
  if (typeof data !== 'string' || data.length > MAX_NOTIFICATION_BYTES) return null
  try {
    const message = JSON.parse(data) as Message | null
    return typeof message === 'object' ? message : null
  } catch {
    return null
  }
}

/** An event with a known stage, or null. */
export function taskEvent(value: unknown): TaskEvent | null {
  const event = value as TaskEvent | null
  return typeof event === 'object' && event !== null && TASK_STAGES.includes(event.stage) ? event : null
}

async function poll(workers: Workers, taskId: TaskId, onEvent: OnTaskEvent, signal: AbortSignal): Promise<void> {
  const pause = backoff(POLL_FIRST_MS, POLL_MAX_MS)
  while (!signal.aborted) {
    await sleep(pause(), signal).catch(() => undefined)
    await pollOnce(workers, taskId, onEvent, signal)
  }
}

/** Far more than a task has stages. */
const MAX_EVENTS = 32

async function pollOnce(workers: Workers, taskId: TaskId, onEvent: OnTaskEvent, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  try {
    const { events } = await workers.call('getTaskStatus', { taskId }, { signal })
    for (const event of events.slice(0, MAX_EVENTS)) {
      const known = taskEvent(event)
      if (known !== null) onEvent(known)
    }
  } catch {
    // no worker knows of it now; the chain decides
  }
}
