import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Hex } from '@enigma/protocol'
import { createExecutor } from '../../src/wasm/execute.ts'
import { packState } from '../../src/wasm/host/state.ts'
import type { RunInput, RunResult } from '../../src/wasm/run-types.ts'

export const THREAD_URL = new URL('../../src/wasm/thread.ts', import.meta.url)

/** A run of `code` with everything else at plain values; `change` overrides them. */
export function runInput(code: Uint8Array, change: Partial<RunInput> = {}): RunInput {
  return {
    code,
    codeHash: keccak_256(code),
    entry: 'call',
    callData: new Uint8Array(0),
    gasLimit: 10_000_000n,
    readOnly: false,
    context: {
      caller: new Uint8Array(20).fill(0xca),
      scAddr: new Uint8Array(32).fill(0x5c),
      blockNumber: 1234n,
      timeSeconds: 1_700_000_000n
    },
    seed: new Uint8Array(32).fill(7),
    state: new Map<Hex, Uint8Array>(),
    ...change
  }
}

const executor = createExecutor()

/** Runs in this thread: the same code as in the pool, without its limits of time and memory. */
export function execute(code: Uint8Array, change: Partial<RunInput> = {}): RunResult {
  const input = runInput(code, change)
  return executor.run({ ...input, state: packState(input.state) })
}
