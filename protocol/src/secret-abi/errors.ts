import { EnigmaError } from '../errors.ts'

/** A call of a secret contract, or its answer, that does not fit the contract's ABI. Nothing was sent. */
export type AbiFailure =
  /** The contract's ABI has no such function, or it is ambiguous. */
  | { readonly code: 'ABI_FUNCTION'; readonly name: string }
  /** An argument does not fit its ABI type. */
  | { readonly code: 'ABI_ARGUMENT'; readonly argument: string; readonly type: string }
  /** The answer does not decode by the function's ABI: it was made for another contract. */
  | { readonly code: 'ABI_RESULT'; readonly name: string }

export class AbiError extends EnigmaError<AbiFailure> {}
