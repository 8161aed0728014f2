import type { ApplyDeltasRequest, LoadCodeRequest, LoadCodeResponse, StateTip, StateTipRequest } from '@enigma/protocol'
import type { WorkerParts } from './worker-parts.ts'

export function stateTip({ states, stateKeys }: WorkerParts, { scAddr }: StateTipRequest): StateTip {
  const { deltaCount, headHash } = states.get(scAddr)
  return { hasKey: stateKeys.has(scAddr), deltaCount, headHash }
}

/** What is applied is only checked to be whole and in order; whether the chain has it is checked when a task runs (R5). */
export function applyDeltas(parts: WorkerParts, { scAddr, deltas }: ApplyDeltasRequest): StateTip {
  parts.states.apply(scAddr, deltas, generation => parts.stateKeys.get(scAddr, generation))
  return stateTip(parts, { scAddr })
}

export function dropState({ states, ahead }: WorkerParts, { scAddr }: StateTipRequest): void {
  states.drop(scAddr)
  ahead.drop(scAddr)
}

/** Code is judged when it runs: invalid code is a failure receipt, not an error. */
export function loadCode({ codes }: WorkerParts, { bytecode }: LoadCodeRequest): LoadCodeResponse {
  return { codeHash: codes.put(bytecode) }
}
