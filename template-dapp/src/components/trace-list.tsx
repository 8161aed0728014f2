import type { TraceView } from '../hooks/index.ts'

/** What the enclave did, encrypted to whoever asked for it. */
export function TraceList({ trace }: { trace: TraceView | null }) {
  if (trace === null) return null
  return (
    <details className="trace" open>
      <summary>Trace: what the enclave did, readable by you alone</summary>
      <ul className="list">
        {trace.events.map(({ call, key, bytes }, index) => (
          <li key={index} className="row between" data-testid="trace-event">
            <span>
              <code>{call}</code> <span className="bytes">{key}</span>
            </span>
            <span className="muted small-text">{bytes} bytes</span>
          </li>
        ))}
      </ul>
      <p className="muted small-text">
        {trace.gasUsed.toLocaleString('en')} gas
        {trace.host
          .slice(0, 3)
          .map(({ call, calls, gas }) => `, ${call} ${calls} times for ${gas.toLocaleString('en')}`)}
        {trace.truncated && '. The list was cut off.'}
      </p>
    </details>
  )
}
