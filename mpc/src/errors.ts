import { EnigmaError } from '@enigma/protocol'

/** Everything `mpc/` throws on purpose. One line each in docs/errors.md. */
export type MpcFailure =
  | { readonly code: 'MPC_PARAMETERS'; readonly what: string }
  /** Operands of different lengths. */
  | { readonly code: 'MPC_SHAPE'; readonly what: string }
  | { readonly code: 'MPC_RANGE'; readonly what: string; readonly bits?: number; readonly limitBits?: number }
  | { readonly code: 'MPC_OPENING'; readonly operation: string; readonly nodes?: readonly number[] }
  | { readonly code: 'MPC_UNRECOVERABLE'; readonly what: string }
  | { readonly code: 'MPC_PRODUCT_CHECK'; readonly operation: string; readonly nodes?: readonly number[] }
  | { readonly code: 'MPC_MESSAGE'; readonly from: number; readonly operation: string }
  | { readonly code: 'MPC_TIMEOUT'; readonly from: number; readonly operation: string; readonly limitMs: number }
  | { readonly code: 'MPC_ABORTED'; readonly operation: string }
  | { readonly code: 'MPC_LINK'; readonly peer: number; readonly what: string }
  /** An iteration did not come close enough to its answer. */
  | { readonly code: 'MPC_NOT_CONVERGED'; readonly operation: string }
  | { readonly code: 'MPC_DEGENERATE'; readonly operation: string }
  /** What a node signed does not fit what the others did. */
  | { readonly code: 'MPC_CERTIFICATE'; readonly what: string; readonly node?: number }
  | { readonly code: 'MPC_DISPUTE'; readonly nodes: readonly number[] }

/** A failure of secret-shared computing. Never carries a share, a mask or a value. */
export class MpcError extends EnigmaError<MpcFailure> {}

export const shapeError = (what: string, message: string): MpcError =>
  new MpcError({ code: 'MPC_SHAPE', what }, message)

export const parameterError = (what: string, message: string, hint?: string): MpcError =>
  new MpcError({ code: 'MPC_PARAMETERS', what }, message, hint === undefined ? {} : { hint })
