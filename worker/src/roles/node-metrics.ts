import { createMetrics, type Metrics, type MetricSources } from '../ops/metrics.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import type { NodeBase } from './node.ts'

type Fixed = 'board' | 'chain' | 'peersByRole'

/** The metrics of a node: what all roles have, and what the role adds. */
export function metricsOf(
  { board, chain, sender }: NodeBase,
  network: Pick<PeerNetwork, 'peers'>,
  more: Partial<Omit<MetricSources, Fixed>> = {}
): Metrics {
  return createMetrics({
    board,
    chain() {
      const { number: head, time: headTime } = chain.indexer.head()
      const epoch = chain.indexer.currentEpoch()?.epoch ?? 0
      return { head, headTime, latest: chain.latest(), epoch, endpoints: chain.rpc.endpoints() }
    },
    peersByRole() {
      const counts: Record<string, number> = { worker: 0, principal: 0, bootstrap: 0 }
      for (const { role } of network.peers()) counts[role] = (counts[role] ?? 0) + 1
      return counts
    },
    ...more,
    queues: () => ({ transactions: sender.pendingCount, ...more.queues?.() })
  })
}
