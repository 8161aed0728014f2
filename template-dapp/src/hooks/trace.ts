import type { TaskInspection } from 'enigma-js'

/** What a run did, as its requester alone may read it. */
export interface TraceView {
  readonly gasUsed: number
  /** Host calls in order: `write` of `millionaires/0`, 52 bytes. */
  readonly events: readonly { readonly call: string; readonly key: string; readonly bytes: number }[]
  /** Gas by kind of host call, most first. */
  readonly host: readonly { readonly call: string; readonly calls: number; readonly gas: number }[]
  readonly truncated: boolean
}

/** Null unless the task asked for a trace and this browser has its key. */
export function traceOf(inspection: TaskInspection | null): TraceView | null {
  if (!inspection?.trace) return null
  const { gasUsed, events, host, truncated } = inspection.trace
  return {
    gasUsed,
    host,
    truncated,
    events: events.map(({ call, key, size }) => ({ call, key: readable(key), bytes: size }))
  }
}

/** Keys are bytes, but mostly words with a number behind them. */
function readable(key: Uint8Array): string {
  const isText = key.length > 0 && key.every(byte => byte >= 0x20 && byte < 0x7f)
  if (isText) return new TextDecoder().decode(key)
  return Array.from(key, byte =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : byte.toString(16).padStart(2, '0')
  ).join('')
}
