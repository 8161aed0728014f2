import { EnigmaError, type Hints } from '@enigma/protocol'

/** What enclave-sim/src/wasm throws on purpose. A failed *run* is not an error but a `RunResult` with `ok: false`. */
export type WasmFailure =
  /** `validateCode` refuses the bytecode; the message says what and where. Deterministic. */
  | { readonly code: 'WASM_INVALID_CODE' }
  /** The caller of `run` broke its contract (a length, the code hash, the gas limit). Nothing ran. */
  | { readonly code: 'WASM_BAD_RUN'; readonly field: string }
  /** The run took longer than the wall-clock limit; its thread is gone. Nothing may be signed for it. */
  | { readonly code: 'WASM_THREAD_TIMEOUT'; readonly limitMs: number }
  /** The thread or the engine ran out of memory. Nothing may be signed for it. */
  | { readonly code: 'WASM_THREAD_MEMORY' }
  /** The thread died, or the engine failed in a way that other machines need not share. Nothing may be signed for it. */
  | { readonly code: 'WASM_THREAD_FAULT' }
  | { readonly code: 'WASM_POOL_STOPPED' }
  | { readonly code: 'WASM_POOL_FULL'; readonly limit: number }

const TRIED_AGAIN = 'Nothing for a user: the worker tries again.'
const NOTHING_SIGNED =
  'Nothing for a user: the worker signs nothing for this task and tries once more. If it repeats, look at memory and load.'
const WASM_HINTS: Hints<WasmFailure['code']> = {
  WASM_INVALID_CODE:
    'Compile the contract with `enigma compile`; docs/spec/secret-contracts.md lists what it may contain.',
  WASM_BAD_RUN: TRIED_AGAIN,
  WASM_THREAD_TIMEOUT: NOTHING_SIGNED,
  WASM_THREAD_MEMORY: NOTHING_SIGNED,
  WASM_THREAD_FAULT: NOTHING_SIGNED,
  WASM_POOL_STOPPED: TRIED_AGAIN,
  WASM_POOL_FULL: TRIED_AGAIN
}

export class WasmError extends EnigmaError<WasmFailure> {
  static override get hints(): typeof WASM_HINTS {
    return WASM_HINTS
  }
}

/** @throws WASM_INVALID_CODE always. `message` is a full sentence for the contract's author. */
export function invalidCode(message: string): never {
  throw new WasmError({ code: 'WASM_INVALID_CODE' }, message, {
    hint: 'docs/spec/secret-contracts.md lists what a secret contract may contain.'
  })
}
