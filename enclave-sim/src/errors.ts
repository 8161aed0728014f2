import { EnigmaError, type ProtocolFailure, type Hints } from '@enigma/protocol'
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
  | 'ENCLAVE_POINT_UNKNOWN'
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

const HOST =
  'Nothing for a user: the host asked its enclave for something that the chain does not bear out. The worker tries again.'
const SEALED = 'Check the folder of sealed data and its disk; a new enclave can register again with a fresh one.'
const WAIT = 'Wait: the enclave is at its limit, and takes work again when some is done.'
const REPORT = 'Report it with the log of the enclave: this should not happen.'
const ENCLAVE_HINTS: Hints<EnclaveCode> = {
  ENCLAVE_BAD_REQUEST: HOST,
  ENCLAVE_BUSY: WAIT,
  ENCLAVE_INTERNAL: REPORT,
  ENCLAVE_NOT_STARTED: HOST,
  ENCLAVE_WRONG_ROLE: HOST,
  ENCLAVE_BOUND: 'Give the enclave an empty folder, or keep the keys that it has.',
  ENCLAVE_BAD_NETWORK: HOST,
  ENCLAVE_BAD_PRINCIPAL: HOST,
  ENCLAVE_SEAL_BROKEN: SEALED,
  ENCLAVE_SEAL_KEY_LOST: SEALED,
  ENCLAVE_SEAL_IO: SEALED,
  ENCLAVE_EPOCH_OVER: HOST,
  ENCLAVE_VIEW_UNKNOWN: HOST,
  ENCLAVE_VIEW_REFUSED: HOST,
  CHAIN_BEHIND: 'Wait a block or two and ask again; if it stays, check the Ethereum node of the principal.',
  ENCLAVE_NO_STATE_KEY: HOST,
  ENCLAVE_DELTA_REFUSED: HOST,
  ENCLAVE_POINT_UNKNOWN: HOST,
  ENCLAVE_FULL: WAIT,
  ENCLAVE_SNAPSHOT_UNKNOWN: HOST,
  ENCLAVE_SNAPSHOT_REFUSED: HOST,
  ENCLAVE_TASK_UNKNOWN: HOST,
  ENCLAVE_TASK_NOT_OPEN: HOST,
  ENCLAVE_TASK_NOT_SETTLED: HOST,
  ENCLAVE_TASK_REFUSED: HOST,
  ENCLAVE_INPUT_MISMATCH: HOST,
  INPUT_NOT_FOR_SEAT: 'Send the task again: the workers of this epoch are others than it was encrypted for.',
  ENCLAVE_STATE_NOT_AT_HEAD: HOST,
  ENCLAVE_NOT_AHEAD: HOST,
  ENCLAVE_RERUN_DIFFERS: REPORT,
  ENCLAVE_CODE_MISSING: HOST,
  ENCLAVE_NOT_RELEASED: HOST,
  ENCLAVE_SEALED_RUN: HOST,
  ENCLAVE_QUERY_REFUSED: HOST,
  WORKER_BEHIND: 'Ask again, or ask another worker: this one has not seen the latest state.',
  ENCLAVE_SEED_ORDER: HOST,
  ENCLAVE_ASKER_REFUSED: HOST,
  ENCLAVE_SEAT_REFUSED: HOST,
  ENCLAVE_EXPORT_REFUSED: HOST,
  ENCLAVE_IMPORT_REFUSED: HOST,
  ENCLAVE_MPC_UNKNOWN: HOST,
  ENCLAVE_MPC_REFUSED: HOST
}

export class EnclaveError extends EnigmaError<EnclaveFailure> {
  static override get hints(): typeof ENCLAVE_HINTS {
    return ENCLAVE_HINTS
  }
}

/** An error that crosses the boundary: `message` must hold nothing that the host may not know. */
export function enclaveError(code: EnclaveCode, message: string, cause?: unknown): EnclaveError {
  return new EnclaveError({ code }, message, { cause })
}

/** Codes that may leave the enclave by name. */
export type CrossingCode = EnclaveCode | ProtocolFailure['code'] | WasmFailure['code']
