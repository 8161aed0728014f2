import { EnigmaError, type Address, type Hash, type ScAddr, type TaskId, type Hints } from '@enigma/protocol'

/** Everything `worker/` throws on purpose. One line each in docs/errors.md. */
export type WorkerFailure =
  // settings and start
  | { readonly code: 'WORKER_CONFIG'; readonly setting: string }
  | { readonly code: 'WORKER_DATA_DIR'; readonly path: string }
  | { readonly code: 'WORKER_OTHER_NETWORK'; readonly expected: string; readonly found: string }
  /** It stopped, but not everything did, or not in order. Exit code 3. */
  | { readonly code: 'WORKER_STOP_INCOMPLETE'; readonly running: string }
  // storage
  | { readonly code: 'STORE_LOCKED'; readonly path: string }
  | { readonly code: 'STORE_FAILED'; readonly reason: string }
  /** Where a backup is wanted, it cannot be. */
  | { readonly code: 'BACKUP_TARGET'; readonly path: string }
  | { readonly code: 'BACKUP_FAILED'; readonly reason: string }
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
  /** Only the principal that sends setEpoch begins a new generation of state keys. */
  | { readonly code: 'PRINCIPAL_STANDBY' }
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

const WORKER_HINTS: Hints<WorkerFailure['code']> = {
  WORKER_CONFIG: 'Correct the setting that the message names.',
  WORKER_DATA_DIR: 'Give the worker a folder of its own that it may write to.',
  WORKER_OTHER_NETWORK: 'Point --chain-url at the right node, or start with an empty data folder for the new network.',
  WORKER_STOP_INCOMPLETE:
    'Nothing for the data: what was acknowledged is on disk, and the next start goes on from there. If it repeats, report it with the log.',
  STORE_LOCKED: 'One node per data folder: stop the other one, or give this one its own --data-dir.',
  STORE_FAILED: 'Look at free space and permissions of the data folder; nothing in it was changed.',
  BACKUP_TARGET: 'Give the absolute path of a folder that does not exist yet, outside of the data folder.',
  BACKUP_FAILED: 'Nothing was left at the target, and the node goes on. Look at free space and permissions there.',
  CHAIN_UNREACHABLE: 'Check that a node runs at --chain-url.',
  CHAIN_TIMEOUT: 'Check the node at --chain-url.',
  CHAIN_BEHIND: 'Wait a block or two and ask again; if it stays, check the Ethereum node of the principal.',
  CHAIN_INCONSISTENT: 'Point the worker at another Ethereum node; this one answers with two histories.',
  CHAIN_DISAGREEMENT: 'Check the endpoints of --chain-url: one of them is on another fork, or lies.',
  TX_REVERTED: 'The message names the reason; nothing was changed but the Ethereum gas that it took.',
  TX_DEADLINE: 'Nothing: the task is over for this worker, and its fee goes back to the sender.',
  WORKER_ENCLAVE_TIMEOUT: 'Look for a looping contract or an overloaded machine in the enclave log.',
  WORKER_ENCLAVE_DOWN: 'It is started again by itself; see the enclave lines of the log if this repeats.',
  ENCLAVE_REFUSED: 'Ask again, or ask another worker: the message holds what the enclave said.',
  PRINCIPAL_BOUND:
    'Check which principal the contract has registered; docs/spec/worker.md says how a second one is made.',
  PRINCIPAL_STANDBY: 'Ask the primary; or promote this standby first, if the primary is gone.',
  SC_UNKNOWN: 'Check the address, and that its deployment has succeeded on this network.',
  EPOCH_STALE: 'Ask for the seats of the current epoch and encrypt the input anew.',
  ENVELOPE_MALFORMED: 'Send the envelope as enigma-js made it.',
  ENVELOPE_TOO_LARGE: 'Send less data in one call: 64 KiB at most.',
  ENVELOPE_QUOTA: 'Record the tasks of the inputs already delivered, or wait for the end of the epoch.',
  BYTECODE_MISMATCH: 'The bytecode is not the one that was recorded; deliver the one that was compiled for this task.',
  INPUT_NOT_FOR_SEAT:
    'It was encrypted to another key. Ask for the keys of the epoch and encrypt again. Nothing was paid.',
  WORKER_NOT_SELECTED: 'Ask a worker that holds a seat of the contract in this epoch.',
  WORKER_NOT_READY: 'Wait until `/status` says that the worker is ready.',
  WORKER_DRAINING: 'Nothing was stored and nothing is paid. Ask another worker.',
  WORKER_UNREGISTERED: 'Register and stake the worker first; docs/spec/worker.md says how.',
  TASK_UNKNOWN: 'Check the id, and that this is the network it was sent to.',
  VIEW_MISMATCH: 'If this stays, this worker and the principal follow different chains, or one of their nodes lies.'
}

export class WorkerError extends EnigmaError<WorkerFailure> {
  static override get hints(): typeof WORKER_HINTS {
    return WORKER_HINTS
  }
}

/** Why an enclave refused; null for any other failure. */
export const refusal = (error: unknown): string | null =>
  error instanceof WorkerError && error.facts.code === 'ENCLAVE_REFUSED' ? error.facts.reason : null
