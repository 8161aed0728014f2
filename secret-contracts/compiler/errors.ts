import { EnigmaError, type Hints } from '@enigma/protocol'

/** One complaint about a contract's source. Lines and columns count from 1. */
export interface SourceError {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

export type CompileFailure =
  /** The contract's source has errors; they are in `errors`, and in the message one per line. */
  | { readonly code: 'COMPILE_SOURCE'; readonly errors: readonly SourceError[] }
  | { readonly code: 'COMPILE_NO_FILE'; readonly path: string }
  /** The compiler itself failed: a bug, of ours or of AssemblyScript. */
  | { readonly code: 'COMPILE_INTERNAL' }

const COMPILE_HINTS: Hints<CompileFailure['code']> = {
  COMPILE_SOURCE: 'Correct the lines that the message names.',
  COMPILE_NO_FILE: 'Check the path; a contract is an AssemblyScript file that ends in .ts.',
  COMPILE_INTERNAL: 'Report it with the source: the compiler met a case that it does not know.'
}

export class CompileError extends EnigmaError<CompileFailure> {
  static override get hints(): typeof COMPILE_HINTS {
    return COMPILE_HINTS
  }
}

export function sourceError(errors: readonly SourceError[]): CompileError {
  const lines = errors.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
  return new CompileError({ code: 'COMPILE_SOURCE', errors }, lines.join('\n'), {
    hint: 'docs/spec/secret-contracts.md says what a contract may export.'
  })
}
