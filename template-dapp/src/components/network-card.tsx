import type { NetworkState } from '../hooks/index.ts'
import { Card } from './card.tsx'
import { EpochBar } from './epoch-bar.tsx'
import { ProblemNote } from './problem-note.tsx'
import { ReceiptList } from './receipt-list.tsx'
import { WorkerList } from './worker-list.tsx'

/** Everything that anybody may know of the network. */
export function NetworkCard({ state, hasContract }: { state: NetworkState; hasContract: boolean }) {
  const { epoch, workers, seats, receipts, problem } = state
  const aside = epoch && <span className="tag">block {epoch.block}</span>
  return (
    <Card title="The network" aside={aside} className="network">
      <ProblemNote problem={problem} />
      {epoch !== null && <EpochBar epoch={epoch} />}
      <div className="columns">
        <WorkerList workers={workers} seats={hasContract ? seats : null} now={epoch?.timeSeconds ?? 0} />
        <ReceiptList receipts={receipts} />
      </div>
    </Card>
  )
}
