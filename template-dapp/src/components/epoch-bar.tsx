import type { NetworkState } from '../hooks/index.ts'
import { eng } from '../format.ts'

export function EpochBar({
  epoch: { epoch, block, startBlock, nextEpochBlock, totalStake }
}: {
  epoch: NonNullable<NetworkState['epoch']>
}) {
  const length = Math.max(1, nextEpochBlock - startBlock)
  const passed = Math.min(length, Math.max(0, block - startBlock))
  const left = Math.max(0, nextEpochBlock - block)
  return (
    <div className="epoch">
      <p className="row between wrap">
        <span>
          <strong>Epoch {epoch}</strong>{' '}
          <span className="muted">
            {left === 0 ? 'the next one may begin' : `${left} blocks to the next draw of workers`}
          </span>
        </span>
        <span className="muted">{eng(totalStake)} ENG at stake</span>
      </p>
      <progress max={length} value={passed} aria-label={`Epoch ${epoch}: ${passed} of ${length} blocks`} />
    </div>
  )
}
