import { EnigmaError, type Address, type Hash, type ScAddr, type TaskId } from '@enigma/protocol'

/** Everything `worker/` throws on purpose. One line each in docs/errors.md. */
export type WorkerFailure =
  // settings and start
  | { readonly code: 'WORKER_CONFIG'; readonly setting: string }
  | { readonly code: 'WORKER_DATA_DIR'; readonly path: string }
  | { readonly code: 'WORKER_OTHER_NETWORK'; readonly expected: string; readonly found: string }
  // storage
  | { readonly code: 'STORE_LOCKED'; readonly path: string }
  | { readonly code: 'STORE_FAILED'; readonly reason: string }
  // chain
  | { readonly code: 'CHAIN_UNREACHABLE'; readonly method: string }
  | { readonly code: 'CHAIN_TIMEOUT'; readonly method: string; readonly limitMs: number }
  | { readonly code: 'CHAIN_BEHIND'; readonly wanted: number; readonly head: number }
  | { readonly code: 'CHAIN_INCONSISTENT'; readonly what: string }
  | { readonly code: 'CHAIN_DISAGREEMENT'; readonly what: string }
  | { readonly code: 'TX_REVERTED'; readonly error: string }
  | { readonly code: 'TX_DEADLINE'; readonly what: string }
  // enclave
  | { readonly code: 'WORKER_ENCLAVE_TIMEOUT'; readonly method: string; readonly limitMs: number }
  | { readonly code: 'WORKER_ENCLAVE_DOWN'; readonly method: string }
  | { readonly code: 'ENCLAVE_REFUSED'; readonly method: string; readonly reason: string }
  /** The principal is bound already, or another node acts with its root. */
  | { readonly code: 'PRINCIPAL_BOUND' }
  // tasks
  | { readonly code: 'SC_UNKNOWN'; readonly scAddr: ScAddr }
  | { readonly code: 'EPOCH_STALE'; readonly epoch: number; readonly current: number }
  | { readonly code: 'ENVELOPE_MALFORMED'; readonly what: string }
  | { readonly code: 'ENVELOPE_TOO_LARGE'; readonly bytes: number; readonly limitBytes: number }
  | { readonly code: 'ENVELOPE_QUOTA'; readonly sender: Address; readonly limit: number }
  | { readonly code: 'BYTECODE_MISMATCH'; readonly codeHash: Hash }
  | { readonly code: 'INPUT_NOT_FOR_SEAT'; readonly inputHash: Hash }
  | { readonly code: 'WORKER_NOT_SELECTED'; readonly scAddr: ScAddr; readonly epoch: number }
  | { readonly code: 'WORKER_NOT_READY'; readonly step: string }
  | { readonly code: 'WORKER_DRAINING' }
  | { readonly code: 'WORKER_UNREGISTERED'; readonly signer: Address }
  | { readonly code: 'TASK_UNKNOWN'; readonly taskId: TaskId }
  | { readonly code: 'VIEW_MISMATCH'; readonly block: number }

export class WorkerError extends EnigmaError<WorkerFailure> {}
