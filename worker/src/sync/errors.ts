import { EnigmaError, type Hash, type ScAddr } from '@enigma/protocol'

/** Everything content, key exchange and task relay throw on purpose. One line each in docs/errors.md. */
export type SyncFailure =
  | { readonly code: 'SYNC_INCOMPLETE'; readonly what: string }
  | { readonly code: 'DELTA_REFUSED'; readonly scAddr: ScAddr; readonly index: number; readonly why: string }
  /** A peer's bytecode is not the one on chain, or is none. */
  | { readonly code: 'BYTECODE_REFUSED'; readonly codeHash: Hash; readonly why: string }
  /** No peer has the bytecode or the delta that is asked for. */
  | { readonly code: 'CONTENT_MISSING'; readonly what: string }
  | { readonly code: 'CONTENT_FULL'; readonly limitBytes: number }
  | { readonly code: 'KEY_REFUSED'; readonly epoch: number; readonly why: string }
  | { readonly code: 'NO_SEAT_REACHABLE'; readonly scAddr: ScAddr; readonly epoch: number }
  | { readonly code: 'RESULT_MISSING'; readonly what: string }

export class SyncError extends EnigmaError<SyncFailure> {}
