import type {
  ApplyDeltasRequest,
  LoadCodeRequest,
  LoadCodeResponse,
  RevertStateRequest,
  StateTip,
  StateTipRequest
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
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

/**
 * R11: back to the newest of these points that is held. A host that names false ones comes to nothing: nothing runs on a state that is
 * not at the head of a view.
 *
 * @throws ENCLAVE_BAD_REQUEST, ENCLAVE_POINT_UNKNOWN; the state is then as it was
 */
export function revertState(parts: WorkerParts, { scAddr, deltaCount, heads }: RevertStateRequest): StateTip {
  if (heads.length === 0 || heads.length > deltaCount + 1) {
    throw enclaveError('ENCLAVE_BAD_REQUEST', 'The heads are those at deltaCount and at counts below it, one at least.')
  }
  parts.states.revert(scAddr, deltaCount, heads)
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
