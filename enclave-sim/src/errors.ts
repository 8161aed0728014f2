import { EnigmaError, type ProtocolFailure } from '@enigma/protocol'
import type { WasmFailure } from './wasm/errors.ts'

/** What the enclave answers on purpose, besides PROTOCOL_* and WASM_*. Each code is explained in docs/spec/enclave-boundary.md. */
export type EnclaveFailure = { readonly code: EnclaveCode }

export type EnclaveCode =
  // the boundary
  | 'ENCLAVE_BAD_REQUEST'
  | 'ENCLAVE_BUSY'
  /** The enclave met a fault of its own. */
  | 'ENCLAVE_INTERNAL'
  | 'ENCLAVE_NOT_STARTED'
  | 'ENCLAVE_WRONG_ROLE'
  // binding and sealing
  | 'ENCLAVE_BOUND'
  | 'ENCLAVE_BAD_NETWORK'
  | 'ENCLAVE_BAD_PRINCIPAL'
  | 'ENCLAVE_SEAL_BROKEN'
  | 'ENCLAVE_SEAL_KEY_LOST'
  | 'ENCLAVE_SEAL_IO'
  | 'ENCLAVE_EPOCH_OVER'
  // what it believes
  | 'ENCLAVE_VIEW_UNKNOWN'
  | 'ENCLAVE_VIEW_REFUSED'
  | 'CHAIN_BEHIND'
  // state
  | 'ENCLAVE_NO_STATE_KEY'
  | 'ENCLAVE_DELTA_REFUSED'
  | 'ENCLAVE_FULL'
  | 'ENCLAVE_SNAPSHOT_UNKNOWN'
  | 'ENCLAVE_SNAPSHOT_REFUSED'
  // tasks: nothing was signed
  | 'ENCLAVE_TASK_UNKNOWN'
  | 'ENCLAVE_TASK_NOT_OPEN'
  | 'ENCLAVE_TASK_NOT_SETTLED'
  | 'ENCLAVE_TASK_REFUSED'
  | 'ENCLAVE_INPUT_MISMATCH'
  | 'INPUT_NOT_FOR_SEAT'
  | 'ENCLAVE_STATE_NOT_AT_HEAD'
  | 'ENCLAVE_NOT_AHEAD'
  | 'ENCLAVE_RERUN_DIFFERS'
  | 'ENCLAVE_CODE_MISSING'
  | 'ENCLAVE_NOT_RELEASED'
  | 'ENCLAVE_SEALED_RUN'
  // queries
  | 'ENCLAVE_QUERY_REFUSED'
  | 'WORKER_BEHIND'
  // the principal
  | 'ENCLAVE_SEED_ORDER'
  | 'ENCLAVE_ASKER_REFUSED'
  | 'ENCLAVE_SEAT_REFUSED'
  | 'ENCLAVE_EXPORT_REFUSED'
  | 'ENCLAVE_IMPORT_REFUSED'
  // computing with others
  | 'ENCLAVE_MPC_UNKNOWN'
  | 'ENCLAVE_MPC_REFUSED'

export class EnclaveError extends EnigmaError<EnclaveFailure> {}

/** An error that crosses the boundary: `message` must hold nothing that the host may not know. */
export function enclaveError(code: EnclaveCode, message: string, cause?: unknown): EnclaveError {
  return new EnclaveError({ code }, message, { cause })
}

/** Codes that may leave the enclave by name. */
export type CrossingCode = EnclaveCode | ProtocolFailure['code'] | WasmFailure['code']
