import { keccak_256 } from '@noble/hashes/sha3.js'
import { equalBytes, toHex, type TaskTrace } from '@enigma/protocol'
import { counterExport, instrument, METER_EXPORTS, type CodeInfo } from './binary/instrument.ts'
import { INIT_EXPORT, MEMORY_EXPORT } from './binary/parse.ts'
import { WasmError } from './errors.ts'
import { MEMORY_GAS, START_GAS } from './gas.ts'
import { createEnvironment } from './host/environment.ts'
import { HOST_MODULE } from './host/imports.ts'
import { RunState } from './host/state.ts'
import { RunStop } from './host/stop.ts'
import { TraceRecorder, type FunctionCounter, type TraceSight } from './host/trace.ts'
import { RUN_LIMITS, STACK_SLOTS } from './limits.ts'
import { FAILURE_REASON, type FailureReason } from './reasons.ts'
import type { RunFailure, RunInput, RunResult } from './run-types.ts'

/** A run as it reaches the thread: the state is packed (host/state.ts). */
export interface PackedRun extends Omit<RunInput, 'state'> {
  readonly state: ArrayBuffer
}

interface CompiledCode {
  readonly module: WebAssembly.Module
  readonly info: CodeInfo
  readonly cacheBytes: number
}

/** Modules kept compiled, by the size of their bytecode; the longest unused one goes first. Machine code is some 20 times as large. */
const MAX_CACHED_BYTES = 4 * 1024 * 1024
const MIN_CACHED_BYTES = 16 * 1024 // what the smallest counts as

const OUT_OF_GAS_MESSAGE = 'The gas limit is used up.'

/** Runs secret contracts, one at a time. Lives in a thread of its own (thread.ts); tests may use it directly. */
export function createExecutor(): { run(input: PackedRun): RunResult } {
  const cache = new Map<string, CompiledCode>()
  let cachedBytes = 0

  /** @throws RunStop INVALID_CODE, the same for every run of this code */
  function compile(code: Uint8Array, codeHash: Uint8Array, traced: boolean): CompiledCode {
    const key = toHex(codeHash) + (traced ? '/traced' : '')
    const found = cache.get(key) ?? compileAnew(code, codeHash, traced)
    if (!cache.delete(key)) cachedBytes += found.cacheBytes
    cache.set(key, found) // now the youngest
    for (const [oldest, { cacheBytes }] of cache) {
      if (cachedBytes <= MAX_CACHED_BYTES) break
      cache.delete(oldest)
      cachedBytes -= cacheBytes
    }
    return found
  }

  function run(input: PackedRun): RunResult {
    const gasLimit = Number(input.gasLimit) // at most MAX_GAS
    let gasLeft = gasLimit
    let meters: { gas: WebAssembly.Global; stack: WebAssembly.Global; fault: WebAssembly.Global } | undefined

    const fail = (reason: FailureReason, message: string): RunFailure => {
      const gasUsed = reason === FAILURE_REASON.OUT_OF_GAS ? gasLimit : gasLimit - gasLeft
      return { ok: false, reason, message, gasUsed: BigInt(gasUsed), ...traceOf(gasUsed) }
    }
    let traceOf = (gasUsed: number): { trace?: TaskTrace } =>
      input.trace ? { trace: { gasUsed, functions: [], host: [], events: [], truncated: false } } : {}
    /** Gas left, never below 0. */
    const spendable = (): number => Math.max(0, meters === undefined ? gasLeft : Number(meters.gas.value))
    const charge = (gas: number): void => {
      gasLeft = (meters === undefined ? gasLeft : Number(meters.gas.value)) - gas
      if (gasLeft < 0) throw new RunStop(FAILURE_REASON.OUT_OF_GAS, OUT_OF_GAS_MESSAGE)
      if (meters !== undefined) meters.gas.value = BigInt(gasLeft)
    }

    try {
      const state = new RunState(input.state)
      charge(startGas(input, state))
      if (input.callData.length > RUN_LIMITS.inputBytes) {
        return fail(
          FAILURE_REASON.LIMIT,
          `The input has ${input.callData.length} bytes: the limit is ${RUN_LIMITS.inputBytes}.`
        )
      }
      const { module, info } = compile(input.code, input.codeHash, input.trace ?? false)
      charge(info.initialPages * MEMORY_GAS.perPage)

      const { functions, effects, peek } = createEnvironment({
        ...input,
        state,
        charge,
        memory: () => memoryOf(instance)
      })
      const inputBytes = input.callData.length
      const sight: TraceSight = { peek, inputBytes, gasUsed: () => gasLimit - spendable() }
      const recorder = input.trace ? new TraceRecorder(sight) : null
      const imports = recorder ? recorder.watch(functions) : functions
      const instance = new WebAssembly.Instance(module, { [HOST_MODULE]: imports })
      if (recorder) traceOf = gasUsed => ({ trace: recorder.finish(gasUsed, countersOf(instance, info)) })
      const { exports } = instance
      meters = {
        gas: exports[METER_EXPORTS.gas] as WebAssembly.Global,
        stack: exports[METER_EXPORTS.stack] as WebAssembly.Global,
        fault: exports[METER_EXPORTS.fault] as WebAssembly.Global
      }
      meters.gas.value = BigInt(gasLeft)
      meters.stack.value = STACK_SLOTS
      if (info.initializes) (exports[INIT_EXPORT] as () => void)()
      ;(exports[input.entry] as () => void)()

      gasLeft = Number(meters.gas.value)
      const gasUsed = gasLimit - gasLeft
      return {
        ok: true,
        gasUsed: BigInt(gasUsed),
        writes: state.changes(),
        ...effects,
        ...traceOf(gasUsed)
      }
    } catch (error) {
      if (error instanceof RunStop) {
        if (meters !== undefined && error.reason !== FAILURE_REASON.OUT_OF_GAS) gasLeft = Number(meters.gas.value)
        return fail(error.reason, error.message)
      }
      if (!(error instanceof WebAssembly.RuntimeError) || meters === undefined || meters.fault.value !== 0) throw error
      gasLeft = Number(meters.gas.value)
      if (gasLeft < 0) return fail(FAILURE_REASON.OUT_OF_GAS, OUT_OF_GAS_MESSAGE)
      if (meters.stack.value < 0)
        return fail(FAILURE_REASON.STACK_OVERFLOW, 'The contract calls its functions too deeply.')
      return fail(FAILURE_REASON.TRAP, trapMessage(error.message))
    }
  }

  return { run }
}

function compileAnew(code: Uint8Array, codeHash: Uint8Array, traced: boolean): CompiledCode {
  if (!equalBytes(keccak_256(code), codeHash)) {
    throw new WasmError({ code: 'WASM_BAD_RUN', field: 'codeHash' }, 'The bytecode does not have the given code hash.')
  }
  try {
    const { wasm, info } = instrument(code, traced)
    return { module: new WebAssembly.Module(wasm), info, cacheBytes: Math.max(code.length, MIN_CACHED_BYTES) }
  } catch (error) {
    if (!(error instanceof WasmError) || error.code !== 'WASM_INVALID_CODE') throw error
    throw new RunStop(FAILURE_REASON.INVALID_CODE, error.message)
  }
}

/** Gas and calls of the contract's functions; their indices count imports first. */
function countersOf({ exports }: WebAssembly.Instance, { functions, imports }: CodeInfo): FunctionCounter[] {
  const value = (what: 'gas' | 'calls', i: number): number =>
    Number((exports[counterExport(what, i)] as WebAssembly.Global).value)
  return Array.from({ length: functions }, (_, i) => ({
    index: imports.length + i,
    calls: value('calls', i),
    gas: value('gas', i)
  }))
}

const memoryOf = ({ exports }: WebAssembly.Instance): WebAssembly.Memory => exports[MEMORY_EXPORT] as WebAssembly.Memory

function startGas(input: PackedRun, state: RunState): number {
  const perCodeByte = input.entry === 'call' ? START_GAS.callPerCodeByte : START_GAS.deployPerCodeByte
  return (
    START_GAS[input.entry] +
    input.code.length * perCodeByte +
    input.callData.length * START_GAS.perInputByte +
    state.entries * START_GAS.perStateEntry +
    Math.ceil(state.stateBytes / START_GAS.stateBytesPerGas)
  )
}

/** Traps in our words: the engine's words may change with its version, and the text is part of what every seat must agree on. */
const TRAPS: readonly [RegExp, string][] = [
  [/divide by zero|remainder by zero/, 'The contract divides by zero.'],
  [/unrepresentable/, 'The contract divides the smallest integer by -1.'],
  [/memory access out of bounds/, 'The contract reads or writes outside its memory.'],
  [/table index is out of bounds/, 'The contract calls a function outside its table.'],
  [/signature mismatch/, 'The contract calls a function as one of another type.'],
  [/unreachable/, 'The contract gave up (unreachable).']
]

function trapMessage(engineMessage: string): string {
  return TRAPS.find(([pattern]) => pattern.test(engineMessage))?.[1] ?? 'The contract ran into a trap.'
}
