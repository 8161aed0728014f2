/**
 * Why a run failed, as it stands in a receipt (`Receipt.reason`, PROTOCOL.md R7). Every seat computes the same number for the same run.
 * Numbers never change their meaning; new reasons get new numbers. 0 means "did not fail".
 */
export const FAILURE_REASON = {
  /** The call data is not what the contract expects: unknown selector, missing or malformed arguments. */
  BAD_INPUT: 1,
  /** The bytecode is refused by validation. */
  INVALID_CODE: 2,
  /** The gas limit is used up; gasUsed is the whole limit. */
  OUT_OF_GAS: 3,
  /** Calls nest deeper than STACK_SLOTS allows. */
  STACK_OVERFLOW: 4,
  /** The code ran into a WebAssembly trap: unreachable, division by zero, access out of bounds. */
  TRAP: 5,
  /** The contract gave up on purpose, with a message. */
  REVERT: 6,
  /** A bound of the platform: size of state, keys, values, output, logs, callback. */
  LIMIT: 7,
  /** A query (read-only run) tried to change something. */
  READ_ONLY: 8
} as const

export type FailureReason = (typeof FAILURE_REASON)[keyof typeof FAILURE_REASON]
