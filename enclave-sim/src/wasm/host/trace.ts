import { MAX_TRACE_EVENTS, MAX_TRACE_FUNCTIONS, type HostGas, type TaskTrace, type TraceEvent } from '@enigma/protocol'
import { RUN_LIMITS } from '../limits.ts'
import type { HostImport } from './imports.ts'

/** Room for events in a trace of at most 64 KiB, beside 512 functions. */
const MAX_EVENT_BYTES = 48 * 1024
/** What an event takes besides its key and data: name, numbers, lengths. */
const EVENT_BYTES = 4 + 24 + 8 + 4 + 4 + 4

/** Gas and calls of one of the contract's functions, by its index in the module. */
export interface FunctionCounter {
  readonly index: number
  readonly calls: number
  readonly gas: number
}

/** What the recorder may look at; it changes nothing, neither gas nor memory. */
export interface TraceSight {
  /** Bytes of the run's call data: what `input_copy` copies, without saying so itself. */
  readonly inputBytes: number
  gasUsed(): number
  /** Bytes of the contract's memory; empty if they are out of bounds. */
  peek(pointer: number, length: number): Uint8Array
}

type HostFunction = (...args: number[]) => number | bigint | void

/** Where a host function's arguments hold what a trace shows. */
const KEYS: ReadonlySet<HostImport> = new Set(['state_length', 'state_read', 'state_write', 'state_remove'])
const SIZES: Partial<Record<HostImport, (args: readonly number[], result: number, inputBytes: number) => number>> = {
  input_length: (_, result) => result,
  input_copy: (_, __, inputBytes) => inputBytes,
  output_set: args => args[1]!,
  state_length: (_, result) => result,
  state_read: (_, result) => result,
  state_write: args => args[3]!,
  random: args => args[1]!,
  keccak256: args => args[1]!,
  encrypt: args => args[2]!,
  decrypt: args => args[2]!,
  callback_set: args => args[2]!,
  log: args => args[1]!
}

/** Records what a run does, as it does it. A run with it comes to the same result and gas as one without. */
export class TraceRecorder {
  readonly #sight: TraceSight
  readonly #host = new Map<HostImport, { calls: number; gas: number }>()
  readonly #events: TraceEvent[] = []
  #bytes = 0
  #truncated = false

  constructor(sight: TraceSight) {
    this.#sight = sight
  }

  /** The host functions, each noted when it is called, also if it ends the run. */
  watch(functions: Record<HostImport, HostFunction>): Record<HostImport, HostFunction> {
    const watched = Object.entries(functions).map(([name, run]): [string, HostFunction] => {
      const call = name as HostImport
      return [
        name,
        (...args) => {
          const before = this.#sight.gasUsed()
          let result: number | bigint | void
          try {
            result = run(...args)
            return result
          } finally {
            this.#note(call, args, typeof result! === 'number' ? result : 0, before)
          }
        }
      ]
    })
    return Object.fromEntries(watched) as Record<HostImport, HostFunction>
  }

  finish(gasUsed: number, functions: readonly FunctionCounter[]): TaskTrace {
    const used = functions.filter(({ calls }) => calls > 0)
    used.sort((a, b) => b.gas - a.gas || a.index - b.index)
    const host = [...this.#host].map(([call, sum]): HostGas => ({ call, ...sum }))
    host.sort((a, b) => b.gas - a.gas || (a.call < b.call ? -1 : 1))
    return {
      gasUsed,
      functions: used.slice(0, MAX_TRACE_FUNCTIONS),
      host,
      events: this.#events,
      truncated: this.#truncated || used.length > MAX_TRACE_FUNCTIONS
    }
  }

  #note(call: HostImport, args: readonly number[], result: number, before: number): void {
    const gasUsed = this.#sight.gasUsed()
    const sum = this.#host.get(call) ?? { calls: 0, gas: 0 }
    this.#host.set(call, { calls: sum.calls + 1, gas: sum.gas + gasUsed - before })
    const key = KEYS.has(call) ? this.#bounded(args[0]!, args[1]!, RUN_LIMITS.keyBytes) : NOTHING
    const data = call === 'log' ? this.#bounded(args[0]!, args[1]!, RUN_LIMITS.logBytes) : NOTHING
    const bytes = EVENT_BYTES + key.length + data.length
    if (this.#events.length >= MAX_TRACE_EVENTS || this.#bytes + bytes > MAX_EVENT_BYTES) {
      this.#truncated = true
      return
    }
    this.#bytes += bytes
    const size = Math.max(0, SIZES[call]?.(args, result, this.#sight.inputBytes) ?? 0) >>> 0
    this.#events.push({ call, gasUsed, key, size, data })
  }

  #bounded(pointer: number, length: number, max: number): Uint8Array {
    return length >>> 0 > max ? NOTHING : this.#sight.peek(pointer >>> 0, length >>> 0)
  }
}

const NOTHING = new Uint8Array(0)
