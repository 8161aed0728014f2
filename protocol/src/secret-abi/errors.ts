import { EnigmaError, type Hints } from '../errors.ts'

/** A call of a secret contract, or its answer, that does not fit the contract's ABI. Nothing was sent. */
export type AbiFailure =
  /** The contract's ABI has no such function, or it is ambiguous. */
  | { readonly code: 'ABI_FUNCTION'; readonly name: string }
  /** An argument does not fit its ABI type. */
  | { readonly code: 'ABI_ARGUMENT'; readonly argument: string; readonly type: string }
  /** The answer does not decode by the function's ABI: it was made for another contract. */
  | { readonly code: 'ABI_RESULT'; readonly name: string }

const ABI_HINTS: Hints<AbiFailure['code']> = {
  ABI_FUNCTION: 'Call a function that the ABI lists; of several with one name, by its signature.',
  ABI_ARGUMENT: 'Compare the argument with the type in the message; integers beyond 2^53 are bigint.',
  ABI_RESULT: "Give the deployed contract's own ABI."
}

export class AbiError extends EnigmaError<AbiFailure> {
  static override get hints(): typeof ABI_HINTS {
    return ABI_HINTS
  }
}
