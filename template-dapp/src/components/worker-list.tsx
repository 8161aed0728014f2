import type { NetworkState } from '../hooks/index.ts'
import { eng, duration } from '../format.ts'
import { Bytes } from './bytes.tsx'

export interface WorkerListProps {
  readonly workers: NetworkState['workers']
  /** Of the contract in use; null if there is none. */
  readonly seats: NetworkState['seats'] | null
  /** The chain's clock, seconds since 1970. */
  readonly now: number
}

export function WorkerList({ workers, seats, now }: WorkerListProps) {
  const held = (operator: string): number => (seats ?? []).filter(seat => seat.operator === operator).length
  return (
    <div>
      <h3>Workers</h3>
      {workers.length === 0 && <p className="muted">None is known yet.</p>}
      <ul className="workers">
        {byName(workers).map(({ operator, stake, loggedIn, onlineSince, answer }) => (
          <li key={operator} className="worker" data-testid="worker">
            <p className="row between">
              <strong>{answer?.info.name ?? 'worker'}</strong>
              <span className={loggedIn ? 'tag tag-done' : 'tag'}>{loggedIn ? 'logged in' : 'logged out'}</span>
            </p>
            <Bytes value={operator} keep={6} />
            <dl className="facts">
              <div>
                <dt>Stake</dt>
                <dd>{eng(stake)} ENG</dd>
              </div>
              <div>
                <dt>Seats here</dt>
                <dd>{seats === null ? '–' : `${held(operator)} of ${seats.length}`}</dd>
              </div>
              <div>
                <dt>Uptime</dt>
                <dd>{onlineSince === null ? '–' : duration(now - onlineSince.timeSeconds)}</dd>
              </div>
              <div>
                <dt>Answers</dt>
                <dd>{answer === null ? 'no' : `in ${answer.latencyMs} ms`}</dd>
              </div>
            </dl>
          </li>
        ))}
      </ul>
    </div>
  )
}

const byName = (workers: NetworkState['workers']): NetworkState['workers'] =>
  [...workers].sort((a, b) => (a.answer?.info.name ?? '~').localeCompare(b.answer?.info.name ?? '~'))
