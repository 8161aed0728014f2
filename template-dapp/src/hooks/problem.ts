import { EnigmaError } from 'enigma-js'

/** An error as a person reads it. */
export interface Problem {
  /** Stable; docs/errors.md explains it. */
  readonly code: string
  readonly sentence: string
  /** What to do about it. */
  readonly hint: string | null
}

export function problemOf(error: unknown): Problem {
  if (error instanceof EnigmaError) return { code: error.code, sentence: ended(error.message), hint: error.hint }
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown
    message?: unknown
  }
  if (code === 4001) return { code: 'USER_REJECTED', sentence: 'You said no in the wallet.', hint: 'Nothing was paid.' }
  const sentence = typeof message === 'string' && message !== '' ? message : String(error)
  return { code: 'UNEXPECTED', sentence, hint: null }
}

/** Sentences that end with what somebody else said, a contract for instance, may lack the full stop. */
const ended = (sentence: string): string => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`)
