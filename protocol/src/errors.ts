/** What every failure of ours carries: a stable code for programs. Facts of the failure stand beside it. */
export interface Failure {
  readonly code: string
}

/** What the reader can do about each code. */
export type Hints<C extends string = string> = Readonly<Record<C, string>>

export interface EnigmaErrorOptions {
  /** What the reader can do about it, in a sentence, where the thrower knows better than the hints of the class. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/**
 * The base of every error that is thrown on purpose.
 *
 * Programs switch on `code`, which never changes its meaning; people read the message and the hint, which is never missing.
 * Keys, shares and decrypted inputs never enter a message or a fact.
 */
export class EnigmaError<F extends Failure = Failure> extends Error {
  /**
   * A class of errors gives one for each of its codes; docs/errors.md is made from them. Not a field: a bundler could not leave out a
   * class with one.
   */
  static get hints(): Hints {
    return {}
  }

  readonly code: F['code']
  readonly facts: F
  readonly hint: string

  constructor(failure: F, message: string, { hint, cause }: EnigmaErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'EnigmaError'
    this.code = failure.code
    this.facts = failure
    this.hint = hint ?? new.target.hints[failure.code] ?? 'docs/errors.md explains the code.'
  }
}

/** What this package throws. Each code has its line in docs/errors.md. */
export type ProtocolFailure =
  | { readonly code: 'PROTOCOL_DECODE'; readonly what: string }
  | { readonly code: 'PROTOCOL_ENCODE'; readonly what: string }
  | { readonly code: 'PROTOCOL_TOO_LARGE'; readonly what: string; readonly limitBytes: number }
  | { readonly code: 'PROTOCOL_SIGNATURE'; readonly what: string }
  | { readonly code: 'PROTOCOL_DECRYPT'; readonly what: string }
  | { readonly code: 'PROTOCOL_DRAW'; readonly what: string }

const DO_NOT_USE = 'The bytes come from another version, or were changed on the way: do not use them.'
const PROTOCOL_HINTS: Hints<ProtocolFailure['code']> = {
  PROTOCOL_DECODE: DO_NOT_USE,
  PROTOCOL_ENCODE: 'Correct the value that the message names.',
  PROTOCOL_TOO_LARGE: 'Send less at once; the message names the limit.',
  PROTOCOL_SIGNATURE: DO_NOT_USE,
  PROTOCOL_DECRYPT: DO_NOT_USE,
  PROTOCOL_DRAW: 'Nobody, or somebody else, was drawn: wait for the next epoch, or ask another worker.'
}

export class ProtocolError extends EnigmaError<ProtocolFailure> {
  static override get hints(): typeof PROTOCOL_HINTS {
    return PROTOCOL_HINTS
  }
}

/** The code of any thrown value; `INTERNAL` for what nobody threw on purpose. */
export function codeOf(error: unknown): string {
  return error instanceof EnigmaError ? error.code : 'INTERNAL'
}

export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value))
}

/** Makes text from a peer fit for a log line: printable, on one line, bounded. */
export function printable(text: string, maxLength = 200): string {
  const clean = text.replace(/[^\x20-\x7e]/g, '.')
  return clean.length <= maxLength ? clean : `${clean.slice(0, maxLength - 3)}...`
}
