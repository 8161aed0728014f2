import type { NetworkState } from '../hooks/index.ts'
import { Bytes } from './bytes.tsx'

const WORDS: Readonly<Record<NetworkState['receipts'][number]['outcome'], string>> = {
  verified: 'verified',
  failed: 'failed',
  'callback-failed': 'callback failed',
  returned: 'fee returned'
}

export function ReceiptList({ receipts }: { receipts: NetworkState['receipts'] }) {
  return (
    <div>
      <h3>Recent receipts</h3>
      {receipts.length === 0 && <p className="muted">None in the last blocks.</p>}
      <ul className="list">
        {receipts.map(({ taskId, outcome, block, gasUsed }) => (
          <li key={taskId} className="row between" data-testid="receipt">
            <span>
              <span className="muted">block {block}</span> <Bytes value={taskId} keep={5} />
            </span>
            <span className="row">
              {gasUsed !== null && <span className="muted small-text">{gasUsed.toLocaleString('en')} gas</span>}
              <span className={outcome === 'verified' ? 'tag tag-done' : 'tag tag-failed'}>{WORDS[outcome]}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}
