import { instrument, type CodeInfo } from './binary/instrument.ts'

/**
 * Validates the bytecode of a secret contract as every seat does before it runs it.
 * @throws {WasmError} WASM_INVALID_CODE with a sentence for the contract's author
 */
export const validateCode = (code: Uint8Array): CodeInfo => instrument(code).info

/** The thread's entry when this package runs from its sources. A bundle has its own file for it. */
export const THREAD_URL = new URL('./thread.ts', import.meta.url)

export type { CodeInfo } from './binary/instrument.ts'
export { WasmError, type WasmFailure } from './errors.ts'
export { HOST_GAS, INSTRUCTION_GAS, MAX_GAS, MEMORY_GAS, START_GAS } from './gas.ts'
export { CODE_LIMITS, RUN_LIMITS } from './limits.ts'
export { createWasmPool, type WasmPool, type WasmPoolInit } from './pool.ts'
export { FAILURE_REASON, type FailureReason } from './reasons.ts'
export type { EthereumCallback, RunContext, RunFailure, RunInput, RunResult, RunSuccess } from './run-types.ts'
