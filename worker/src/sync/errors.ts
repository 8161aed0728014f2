import { EnigmaError, type Hash, type ScAddr, type Hints } from '@enigma/protocol'

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

const SYNC_HINTS: Hints<SyncFailure['code']> = {
  SYNC_INCOMPLETE: 'Nothing: the worker goes on by itself as soon as a peer has what is missing.',
  DELTA_REFUSED: 'Nothing: what a peer sent does not fit the chain. The worker asks another one.',
  BYTECODE_REFUSED:
    'Compile the contract with `enigma compile`: enclaves run deterministic modules of bounded size only.',
  CONTENT_MISSING: 'Nothing: the worker asks other peers. If it stays, none of them has it any more.',
  CONTENT_FULL: 'Give the worker a larger disk or quota.',
  KEY_REFUSED: 'Nothing: the worker offers its key again at the next epoch.',
  NO_SEAT_REACHABLE: 'Try again in a moment, ask another worker, or wait for the next epoch.',
  RESULT_MISSING: 'Ask again later, or ask another worker.'
}

export class SyncError extends EnigmaError<SyncFailure> {
  static override get hints(): typeof SYNC_HINTS {
    return SYNC_HINTS
  }
}
