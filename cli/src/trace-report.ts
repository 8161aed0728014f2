import type { TaskInspection, TaskTrace } from 'enigma-js'
import { showValue } from './abi/show-value.ts'

/** What a function of the module is called, if the compiler's list of names is at hand. */
export type NameOf = (index: number) => string

const count = (value: number | bigint): string => value.toLocaleString('en')

/** A run for a person: how it ended, the log, each call of the platform with its state key, and where the gas went. */
export function traceReport(
  { taskId, kind, scAddr, record, settlement, log, trace }: Traced,
  nameOf: NameOf
): string[] {
  const ended = settlement === null ? 'open' : `${settlement.outcome} in block ${settlement.block}`
  return [
    `task      ${taskId}`,
    `contract  ${scAddr}, ${kind}, ${ended}`,
    `gas       ${count(trace.gasUsed)} of ${count(record.gasLimit)}`,
    ...section('Log', log === null || log.length === 0 ? [] : log.map(entry => [showValue(entry)])),
    ...section('Calls, in order', callRows(trace), [0, 1]),
    ...section('Gas by function of the contract', functionRows(trace, nameOf), [0, 1]),
    ...section('Gas by call of the platform', hostRows(trace), [0, 1]),
    ...(trace.truncated
      ? ['', 'The trace reached its limit: calls or functions are missing, the sums are complete.']
      : [])
  ]
}

export type Traced = TaskInspection & { readonly trace: TaskTrace }

/** The gas of the task after the call, bytes moved, name, and the state key or the text of the log. */
function callRows({ events }: TaskTrace): string[][] {
  if (events.length === 0) return []
  const rows = events.map(({ call, gasUsed, key, size, data }) => {
    const text = data.length > 0 ? showValue(new TextDecoder().decode(data)) : readableKey(key)
    return [count(gasUsed), count(size), call, text]
  })
  return [['gas so far', 'bytes', 'call', 'state key or text'], ...rows]
}

function functionRows({ functions }: TaskTrace, nameOf: NameOf): string[][] {
  if (functions.length === 0) return []
  return [
    ['gas', 'calls', 'function'],
    ...functions.map(({ index, calls, gas }) => [count(gas), count(calls), nameOf(index)])
  ]
}

function hostRows({ host }: TaskTrace): string[][] {
  if (host.length === 0) return []
  return [['gas', 'calls', 'call'], ...host.map(({ call, calls, gas }) => [count(gas), count(calls), call])]
}

/** A titled table; columns of numbers are set to the right. */
function section(title: string, rows: readonly (readonly string[])[], numbers: readonly number[] = []): string[] {
  if (rows.length === 0) return ['', `${title}: none`]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (numbers.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  return ['', title, ...rows.map(row => `  ${line(row)}`)]
}

/** State keys are bytes, mostly words with numbers behind them: text as it is, all other bytes in hex. */
export function readableKey(key: Uint8Array): string {
  return Array.from(key, byte =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  ).join('')
}
