import { EnigmaError } from '@enigma/protocol'

/** What the runner throws when a test asks for something wrong. Nothing ran. The first is what the client library says, too. */
export type TestingFailure =
  /** The gas limit is out of range. */
  | { readonly code: 'GAS_OUT_OF_RANGE'; readonly what: string }
  /** An option is not what it should be. */
  | { readonly code: 'TESTING_OPTION'; readonly option: string }
  /** The contract does not exist: its deployment was reverted. */
  | { readonly code: 'TESTING_NO_CONTRACT'; readonly scAddr: string }

export class TestingError extends EnigmaError<TestingFailure> {}

/** A task that ran and failed: field by field what `enigma-js` throws for the receipt of a real network. */
export interface TaskFailure {
  readonly code: 'TASK_FAILED'
  readonly taskId: string
  /** Public code, as in the receipt. */
  readonly reason: number
  /** Its name, such as `revert`. */
  readonly reasonName: string
  /** Why, in the contract's or the enclave's words. */
  readonly readable: string | null
  readonly gasUsed: bigint
  /** Grains that a network would give back, at the client's default price of 1 grain per gas; 0 for a query, which costs nothing. */
  readonly refunded: bigint
}

/** A task whose Ethereum callback failed: it is paid for, and nothing of it counts. */
export interface CallbackFailure {
  readonly code: 'TASK_CALLBACK_FAILED'
  readonly taskId: string
  /** As on a network; here always 3: the target reverted. */
  readonly callbackFailure: number
  readonly gasUsed: bigint
  readonly refunded: bigint
}

export class TaskFailedError extends EnigmaError<TaskFailure | CallbackFailure> {}
