import { parentPort } from 'node:worker_threads'
import { WasmError } from './errors.ts'
import { createExecutor, type PackedRun } from './execute.ts'
import type { RunResult } from './run-types.ts'

/** What a thread answers to a `PackedRun`. Faults are no results: nothing may be signed for them. */
export type ThreadAnswer =
  | { readonly result: RunResult }
  | { readonly fault: 'WASM_THREAD_MEMORY' | 'WASM_THREAD_FAULT' }
  | { readonly badRun: string }

/** The entry of a WebAssembly thread: one run at a time, answered in order. Errors cross as codes, never as text of a run. */
const executor = createExecutor()

parentPort?.on('message', (run: PackedRun) => {
  let answer: ThreadAnswer
  try {
    answer = { result: executor.run(run) }
  } catch (error) {
    if (error instanceof WasmError) answer = { badRun: error.message }
    else answer = { fault: isMemoryFault(error) ? 'WASM_THREAD_MEMORY' : 'WASM_THREAD_FAULT' }
  }
  for (const secret of [run.callData, run.seed, new Uint8Array(run.state)]) secret.fill(0)
  parentPort!.postMessage(answer)
})

function isMemoryFault(error: unknown): boolean {
  if (error instanceof WebAssembly.RuntimeError) return true // memory.grow refused within the maximum (instrument.ts)
  return error instanceof RangeError && /memory|allocation/i.test(error.message)
}
