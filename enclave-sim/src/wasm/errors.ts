import { EnigmaError } from '@enigma/protocol'

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

export class WasmError extends EnigmaError<WasmFailure> {}

/** @throws WASM_INVALID_CODE always. `message` is a full sentence for the contract's author. */
export function invalidCode(message: string): never {
  throw new WasmError({ code: 'WASM_INVALID_CODE' }, message, {
    hint: 'docs/spec/secret-contracts.md lists what a secret contract may contain.'
  })
}
