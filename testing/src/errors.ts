import { EnigmaError, type Hints } from '@enigma/protocol'

/** What the runner throws when a test asks for something wrong. Nothing ran. The first is what the client library says, too. */
export type TestingFailure =
  /** The gas limit is out of range. */
  | { readonly code: 'GAS_OUT_OF_RANGE'; readonly what: string }
  /** An option is not what it should be. */
  | { readonly code: 'TESTING_OPTION'; readonly option: string }
  /** The contract does not exist: its deployment was reverted. */
  | { readonly code: 'TESTING_NO_CONTRACT'; readonly scAddr: string }

const TESTING_HINTS: Hints<TestingFailure['code']> = {
  GAS_OUT_OF_RANGE: 'Give whole, positive numbers; the gas limit is at most 10^9.',
  TESTING_OPTION: 'Correct the option that the message names.',
  TESTING_NO_CONTRACT: 'Deploy it again: a snapshot from before its deployment was restored.'
}

export class TestingError extends EnigmaError<TestingFailure> {
  static override get hints(): typeof TESTING_HINTS {
    return TESTING_HINTS
  }
}

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

const TASK_FAILED_HINTS: Hints<(TaskFailure | CallbackFailure)['code']> = {
  TASK_FAILED: 'Nothing was kept. `contract.last` has the gas and the log of the run.',
  TASK_CALLBACK_FAILED: 'Nothing was kept. The callback was made to fail by the options of the call.'
}

export class TaskFailedError extends EnigmaError<TaskFailure | CallbackFailure> {
  static override get hints(): typeof TASK_FAILED_HINTS {
    return TASK_FAILED_HINTS
  }
}
