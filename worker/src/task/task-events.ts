import {
  TaskStatus,
  fromHex,
  type Address,
  type NetworkTaskStatus,
  type SeatStatus,
  type TaskEvent
} from '@enigma/protocol'
import type { ChainTask } from '../chain/reader.ts'
import type { Task } from './machine.ts'

/** What a client is told of a task: the chain's side, and this worker's own seat if it holds one. */

const RAN: readonly string[] = ['running', 'sealed', 'submitted', 'included', 'released']
const SENT: readonly string[] = ['submitted', 'included', 'released']

const failureOf = (status: number, reason: number): string =>
  status === TaskStatus.ReceiptFailedETH
    ? `its Ethereum callback failed with reason ${reason}`
    : `the task failed with reason ${reason}`

export function taskEvents(
  onChain: ChainTask | null,
  task: Task | null,
  signer: Address,
  head: number,
  confirmations: number
): TaskEvent[] {
  const events: TaskEvent[] = []
  if (onChain) events.push({ stage: 'recorded', block: onChain.recordBlock })
  const state = task?.facts.seat === null ? null : task?.state
  if (state && 'accepted' in state && state.accepted) {
    const { recordBlock, signature } = state.accepted
    events.push({ stage: 'accepted', block: recordBlock, signer, signature })
  }
  if (state && RAN.includes(state.stage)) events.push({ stage: 'executing', signer })
  if (state && SENT.includes(state.stage)) events.push({ stage: 'committed', signer })
  const settlement = onChain?.settlement
  if (!settlement) return events
  const { block, status, reason } = settlement
  if (status === TaskStatus.ReceiptFailedReturn) {
    events.push({ stage: 'failed', block, detail: 'nobody settled the task in time; the fee was returned' })
    return events
  }
  events.push({ stage: 'verified', block })
  if (head - block + 1 < confirmations) return events
  const ok = status === TaskStatus.ReceiptVerified
  events.push(ok ? { stage: 'final', block } : { stage: 'failed', block, detail: failureOf(status, reason) })
  return events
}

export function seatStatusOf(task: Task, signer: Address): SeatStatus {
  const { state } = task
  const accepted = 'accepted' in state ? state.accepted : null
  return {
    stage: state.stage,
    signer,
    accepted: accepted && { recordBlock: accepted.recordBlock, signature: fromHex(accepted.signature) }
  }
}

/** The predecessor's word for where a task stands. */
export function networkStatusOf(onChain: ChainTask | null): NetworkTaskStatus {
  if (!onChain) return null
  switch (onChain.settlement?.status) {
    case undefined:
      return 'INPROGRESS'
    case TaskStatus.ReceiptVerified:
      return 'SUCCESS'
    case TaskStatus.ReceiptFailedETH:
      return 'ETHEREUMFAILURE'
    default:
      return 'FAILED'
  }
}

export const eventKey = (event: TaskEvent): string => `${event.stage}/${event.block ?? ''}/${event.signer ?? ''}`
