import { startEpochKeys } from './epoch-keys.ts'
import { startEvidenceRenewal } from './evidence-renewal.ts'
import { startLostContent } from './lost-content.ts'
import type { Libp2pNetwork } from '../net/libp2p-network.ts'
import { startSnapshotMaker } from '../task/snapshot-maker.ts'
import type { NodeBase } from './node.ts'
import type { Registration } from './registration.ts'
import { startResultReplicas } from './result-replicas.ts'
import type { WorkerParts } from './worker-parts.ts'

/** Everything that a worker does by itself for as long as it lives, begun in order; `stops` of the base ends it. */
export async function startWorkerServices(
  { config, board, log, chain, sender, precedence, stops }: NodeBase,
  network: Libp2pNetwork,
  parts: WorkerParts,
  registration: Registration
): Promise<void> {
  const { enclave, envelopes, feed, keys, relay, results, runner, snapshots, sync, views } = parts
  const { indexer } = chain
  const { signer, measurement } = enclave.identity

  const epochKeys = startEpochKeys({ chain: indexer, enclave, keys, envelopes, log })
  stops.add('epoch keys', () => epochKeys.stop())
  results.start()
  stops.add('results', () => results.stop())
  const stopRenewal = startEvidenceRenewal(
    {
      chain: indexer,
      registered: () => indexer.workerBySigner(signer)?.attested ?? null,
      renew: () => registration.renew(),
      board,
      log
    },
    measurement
  )
  stops.add('evidence renewal', stopRenewal)
  await runner.start()
  stops.add('tasks', () => runner.stop())
  const stopReplicas = startResultReplicas({
    chain: indexer,
    relay,
    sync,
    precedence,
    signer,
    connected: () => [
      sender.address,
      ...network.peers().flatMap(peer => (peer.role === 'worker' ? [peer.operator] : []))
    ],
    tasks: () => indexer.projection.tasks(),
    log: log.child('relay'),
    onLost: taskId => runner.onLost(taskId)
  })
  stops.add('result replicas', stopReplicas)
  const stopLost = startLostContent({
    chain: indexer,
    sync,
    tasks: () => indexer.projection.tasks(),
    others: () => [...indexer.projection.workers()].filter(one => one.operator !== sender.address).length,
    couldNotRebuild: taskId => {
      const state = runner.task(taskId)?.state
      return state?.stage === 'settled' && state.lost ? state.reason : null
    },
    board,
    log: log.child('sync')
  })
  stops.add('lost content', stopLost)
  const maker = startSnapshotMaker({
    chain: indexer,
    enclave,
    views,
    feed,
    snapshots,
    signer,
    board,
    log: log.child('snapshots'),
    everyDeltas: config.snapshotEvery
  })
  stops.add('snapshots', () => maker.stop())
}
