import type { Address, ReleasedResult, SeatStatus, TaskEvent, TaskId } from '@enigma/protocol'

/** What the network side of a worker (task relay, JSON-RPC) may ask of its task machine. */
export interface TaskService {
  /**
   * Takes an input as a seat holder. It is on disk before this answers; storing it again is harmless.
   *
   * @param bytecode of a deployment, null otherwise
   * @returns the signer of this worker's enclave
   * @throws ENVELOPE_MALFORMED, ENVELOPE_TOO_LARGE, ENVELOPE_QUOTA, BYTECODE_MISMATCH, SC_UNKNOWN, EPOCH_STALE,
   * WORKER_NOT_SELECTED, INPUT_NOT_FOR_SEAT, WORKER_NOT_READY, WORKER_ENCLAVE_DOWN, STORE_FAILED.
   */
  storeEnvelope(envelope: Uint8Array, bytecode: Uint8Array | null): Promise<Address>
  /** This seat's own view of a task; null if it does not hold it. */
  seatStatus(taskId: TaskId): SeatStatus | null
  /** A result this seat has released; null while there is none here. */
  releasedResult(taskId: TaskId): Promise<ReleasedResult | null>
  /** Calls back for each task whose result this seat has released, once it is on disk; returns the way to stop that. */
  onReleased(listener: (taskId: TaskId) => void): () => void
  /** What this worker knows of a task, in order of stages: from the chain, and from its own seat if it holds one. */
  events(taskId: TaskId): readonly TaskEvent[]
  /** Calls back for every further event of the task until the returned function is called. */
  watch(taskId: TaskId, listener: (event: TaskEvent) => void): () => void
}
