import type { GasLine, TraceView } from '../hooks/index.ts'

/** What the enclave did, encrypted to whoever asked for it. */
export function TraceList({ trace }: { trace: TraceView | null }) {
  if (trace === null) return null
  return (
    <details className="trace" open>
      <summary>Trace: what the enclave did, readable by you alone</summary>
      <ul className="list">
        {trace.events.map(({ call, text, bytes }, index) => (
          <li key={index} className="row between" data-testid="trace-event">
            <span>
              <code>{call}</code> <span className="bytes">{text}</span>
            </span>
            <span className="muted small-text">{bytes} bytes</span>
          </li>
        ))}
      </ul>
      <GasTable title="Gas by function of the contract" lines={trace.functions} />
      <GasTable title="Gas by call of the platform" lines={trace.host} />
      <p className="muted small-text">
        {trace.gasUsed.toLocaleString('en')} gas in all, with starting the run and its memory.
        {trace.truncated && ' The list was cut off.'}
      </p>
    </details>
  )
}

/** More lines than these say little: most functions take a share of a percent. */
const SHOWN = 8

function GasTable({ title, lines }: { title: string; lines: readonly GasLine[] }) {
  if (lines.length === 0) return null
  const rest = lines.slice(SHOWN)
  return (
    <table className="gas" data-testid="trace-gas">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Calls</th>
          <th scope="col">Gas</th>
        </tr>
      </thead>
      <tbody>
        {lines.slice(0, SHOWN).map(({ name, calls, gas }) => (
          <tr key={name}>
            <td>
              <code>{name}</code>
            </td>
            <td>{calls.toLocaleString('en')}</td>
            <td>{gas.toLocaleString('en')}</td>
          </tr>
        ))}
        {rest.length > 0 && (
          <tr>
            <td className="muted">{rest.length} others</td>
            <td>{rest.reduce((sum, { calls }) => sum + calls, 0).toLocaleString('en')}</td>
            <td>{rest.reduce((sum, { gas }) => sum + gas, 0).toLocaleString('en')}</td>
          </tr>
        )}
      </tbody>
    </table>
  )
}
