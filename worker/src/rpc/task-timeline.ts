import { TASK_STAGES, toHex, type SeatStatus, type TaskEvent, type TaskId, type TaskStage } from '@enigma/protocol'
import type { TaskRelay } from '../sync/interfaces.ts'
import type { TaskState } from '../task/machine.ts'
import type { TaskService } from '../sync/task-service.ts'

/** What a seat's stage says has happened there, besides an acceptance. */
const DONE_AT: Readonly<Record<TaskState['stage'], readonly TaskStage[]>> = {
  'waiting-input': [],
  preparing: [],
  accepted: [],
  running: ['executing'],
  sealed: ['executing'],
  submitted: ['executing', 'committed'],
  included: ['executing', 'committed'],
  rebuilding: [],
  released: ['executing', 'committed'],
  declined: [],
  watching: [],
  expired: [],
  refunding: [],
  settled: [],
  returned: [],
  orphaned: []
}

export const rankOf = (stage: TaskStage): number => TASK_STAGES.indexOf(stage)
export const isLast = (event: TaskEvent): boolean => event.stage === 'final' || event.stage === 'failed'
export const eventKey = (event: TaskEvent): string => `${event.stage}/${event.signer ?? ''}`

function seatEvents({ stage, signer, accepted }: SeatStatus): TaskEvent[] {
  const done = Object.hasOwn(DONE_AT, stage) ? DONE_AT[stage as TaskState['stage']] : []
  return [
    ...(accepted
      ? [{ stage: 'accepted', block: accepted.recordBlock, signer, signature: toHex(accepted.signature) } as const]
      : []),
    ...done.map(stage => ({ stage, signer }))
  ]
}

/** Events of a task in order of stages, each once: this worker's own (chain and seat) and what the other seats say. */
export function mergeEvents(own: readonly TaskEvent[], seats: readonly SeatStatus[]): TaskEvent[] {
  const byKey = new Map<string, TaskEvent>()
  for (const event of [...own, ...seats.flatMap(seatEvents)]) {
    if (!byKey.has(eventKey(event))) byKey.set(eventKey(event), event)
  }
  return [...byKey.values()].sort((a, b) => rankOf(a.stage) - rankOf(b.stage))
}

/** The whole story of a task as far as it is known now. */
export async function timelineOf(
  tasks: Pick<TaskService, 'events'>,
  relay: Pick<TaskRelay, 'seatStatuses'>,
  taskId: TaskId
): Promise<TaskEvent[]> {
  const seats = await relay.seatStatuses(taskId)
  return mergeEvents(tasks.events(taskId), seats)
}
