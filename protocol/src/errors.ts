/** What every failure of ours carries: a stable code for programs. Facts of the failure stand beside it. */
export interface Failure {
  readonly code: string
}

export interface EnigmaErrorOptions {
  /** What the reader can do about it, in one sentence. */
  readonly hint?: string
  readonly cause?: unknown
}

/**
 * The base of every error that is thrown on purpose.
 *
 * Programs switch on `code`, which never changes its meaning; people read the message and the hint.
 * Keys, shares and decrypted inputs never enter a message or a fact.
 */
export class EnigmaError<F extends Failure = Failure> extends Error {
  readonly code: F['code']
  readonly facts: F
  readonly hint: string | undefined

  constructor(failure: F, message: string, { hint, cause }: EnigmaErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'EnigmaError'
    this.code = failure.code
    this.facts = failure
    this.hint = hint
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

export class ProtocolError extends EnigmaError<ProtocolFailure> {}

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
