import type { TaskInspection } from 'enigma-js'

/** What a run did, as its requester alone may read it. */
export interface TraceView {
  readonly gasUsed: number
  /** Calls of the platform in order: `state_write` of `millionaires/0`, 52 bytes; of `log` its text. */
  readonly events: readonly { readonly call: string; readonly text: string; readonly bytes: number }[]
  /** Gas by kind of call of the platform, most first. */
  readonly host: readonly GasLine[]
  /** Gas by function of the contract, most first. */
  readonly functions: readonly GasLine[]
  readonly truncated: boolean
}

export interface GasLine {
  readonly name: string
  readonly calls: number
  readonly gas: number
}

/**
 * Null unless the task asked for a trace and this browser has its key.
 *
 * @param names of the contract's functions by index, as `enigma compile` writes them to NAME.functions.json
 */
export function traceOf(inspection: TaskInspection | null, names: readonly string[] = []): TraceView | null {
  if (!inspection?.trace) return null
  const { gasUsed, events, host, functions, truncated } = inspection.trace
  return {
    gasUsed,
    truncated,
    host: host.map(({ call, ...sums }) => ({ name: call, ...sums })),
    functions: functions.map(({ index, ...sums }) => ({ name: names[index] ?? `function ${index}`, ...sums })),
    events: events.map(({ call, key, size, data }) => ({
      call,
      text: data.length > 0 ? new TextDecoder().decode(data) : readable(key),
      bytes: size
    }))
  }
}

/** Keys are bytes, but mostly words with a number behind them. */
function readable(key: Uint8Array): string {
  return Array.from(key, byte =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  ).join('')
}
