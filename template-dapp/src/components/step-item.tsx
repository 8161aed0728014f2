import type { Party, Step } from '../hooks/index.ts'
import { Bytes } from './bytes.tsx'

const PARTIES: Readonly<Record<Party, string>> = {
  you: 'You',
  network: 'Network',
  ethereum: 'Ethereum',
  enclave: 'Enclave'
}
const SPOKEN = { waiting: 'to come', active: 'now', done: 'done', failed: 'failed' } as const

/** One step of a task, and what each party saw at it. */
export function StepItem({ step, number }: { step: Step; number: number }) {
  const { title, text, state, sights } = step
  return (
    <li className={`step step-${state}`} aria-current={state === 'active' ? 'step' : undefined} data-state={state}>
      <span className="step-mark" aria-hidden="true">
        {state === 'done' ? '✓' : state === 'failed' ? '!' : number}
      </span>
      <div className="step-body">
        <h3>
          {title}
          <span className="sr"> ({SPOKEN[state]})</span>
        </h3>
        <p className="muted">{text}</p>
        {sights.length > 0 && (
          <dl className="sights">
            {sights.map(({ party, label, value, isBytes, isSecret }) => (
              <div key={`${party} ${label}`} className={isSecret ? 'sight secret' : 'sight'}>
                <dt>
                  <span className={`party party-${party}`}>{PARTIES[party]}</span>
                  {label}
                </dt>
                <dd>{isBytes ? <Bytes value={value} keep={14} /> : value}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </li>
  )
}
