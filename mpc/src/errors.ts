import { EnigmaError, type Hints } from '@enigma/protocol'

/** Everything `mpc/` throws on purpose. One line each in docs/errors.md. */
export type MpcFailure =
  | { readonly code: 'MPC_PARAMETERS'; readonly what: string }
  /** Operands of different lengths. */
  | { readonly code: 'MPC_SHAPE'; readonly what: string }
  | { readonly code: 'MPC_RANGE'; readonly what: string; readonly bits?: number; readonly limitBits?: number }
  /** An owner's input that nobody has range-checked, where its size matters. */
  | { readonly code: 'MPC_UNCHECKED'; readonly what: string }
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

const REPEAT = 'Repeat the operation; if it fails again, the message says which node or value to look at.'
const MPC_HINTS: Hints<MpcFailure['code']> = {
  MPC_PARAMETERS: 'Correct the parameter that the message names.',
  MPC_SHAPE: 'Make the lengths of the operands agree.',
  MPC_RANGE: 'Bring the value into the range that the type has.',
  MPC_UNCHECKED: "Wrap the owner's shares with foreignSecret, which checks their range first.",
  MPC_OPENING: REPEAT,
  MPC_UNRECOVERABLE: 'Too few good shares are left: repeat the operation when more nodes answer.',
  MPC_PRODUCT_CHECK: 'Repeat the computation; if it fails again, leave out the suspected node.',
  MPC_MESSAGE: REPEAT,
  MPC_TIMEOUT: 'A node stayed silent: check that it runs, or raise the deadline.',
  MPC_ABORTED: 'Repeat the operation; where the message names a node, without that node.',
  MPC_LINK: 'Check that the nodes reach each other, then repeat the operation.',
  MPC_NOT_CONVERGED: 'Bring the data into the documented range, or allow more steps.',
  MPC_DEGENERATE: 'Look at the data: the operation has no answer for it, such as an inverse of a singular matrix.',
  MPC_CERTIFICATE: 'Do not use the result: ask for the operation again, and look at what the message says of a node.',
  MPC_DISPUTE: 'Repeat the operation in a new session without one of the two.'
}

/** A failure of secret-shared computing. Never carries a share, a mask or a value. */
export class MpcError extends EnigmaError<MpcFailure> {
  static override get hints(): typeof MPC_HINTS {
    return MPC_HINTS
  }
}

export const shapeError = (what: string, message: string): MpcError =>
  new MpcError({ code: 'MPC_SHAPE', what }, message)

export const parameterError = (what: string, message: string, hint?: string): MpcError =>
  new MpcError({ code: 'MPC_PARAMETERS', what }, message, hint === undefined ? {} : { hint })
