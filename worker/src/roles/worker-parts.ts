import { createReceiptFinder } from '../chain/receipt-finder.ts'
import { earningsOf } from '../chain/earnings.ts'
import type { EnclaveSupervisor } from '../enclave/enclave.ts'
import { timedEnclave } from '../enclave/timed.ts'
import type { Libp2pNetwork } from '../net/libp2p-network.ts'
import { crashPoints } from '../ops/crash-points.ts'
import { Announcer } from '../sync/announcer.ts'
import { LevelContentStore } from '../sync/content-store.ts'
import { PeerDeltaSync } from '../sync/delta-sync.ts'
import { PeerKeyExchange } from '../sync/key-exchange.ts'
import { createQueryRelay } from '../sync/query-relay.ts'
import { ResultCache } from '../sync/result-cache.ts'
import { Results } from '../sync/results.ts'
import { SnapshotStore } from '../sync/snapshot-store.ts'
import { Snapshots } from '../sync/snapshots.ts'
import { PeerTaskRelay } from '../sync/task-relay.ts'
import { Committer } from '../task/committer.ts'
import { createEffects } from '../task/effects.ts'
import { EnvelopeStore } from '../task/envelope-store.ts'
import { createEnclaveFeed } from '../task/feed.ts'
import { createIntake } from '../task/intake.ts'
import { createQuerySeat } from '../task/query-seat.ts'
import { TaskRunner } from '../task/runner.ts'
import { createSnapshotLoader, noSnapshots } from '../task/snapshot-loader.ts'
import { createTaskService } from '../task/task-service.ts'
import { createTaskStore } from '../task/task-store.ts'
import { shareViews } from '../task/view-sharing.ts'
import { createChainViews } from '../task/views.ts'
import { createCatchingUp } from './catching-up.ts'
import { metricsOf } from './node-metrics.ts'
import type { NodeBase } from './node.ts'

export type WorkerParts = Awaited<ReturnType<typeof openWorkerParts>>

/** What a worker is made of, put together on an enclave that is bound. It loads what the disk holds; nothing runs yet. */
export async function openWorkerParts(base: NodeBase, network: Libp2pNetwork, supervisor: EnclaveSupervisor) {
  const { config, board, log, dir, db, chain, sender, precedence, stops } = base
  const { indexer } = chain
  const { signer } = supervisor.identity

  const metrics = metricsOf(base, network, {
    enclaveStarts: () => supervisor.generation,
    earnings: () => earningsOf(indexer.projection.tasks(), sender.address),
    tasksByStage: () => runner.stages(),
    queues: () => ({ inputs: envelopes.size, tasks: runner.underWay }),
    contracts: () => ({ known: known(), synced: catchingUp.synced })
  })
  const enclave = timedEnclave(supervisor, (method, ok, ms) => metrics.enclaveCall(method, ok, ms))
  const content = await LevelContentStore.open(db, log.child('content'))
  const announcer = new Announcer({
    network,
    signer,
    chain: indexer,
    log: log.child('announce'),
    onProgress: (announced, held) => board.step('announce', 'done', `${announced} of ${held} contracts in the DHT`)
  })
  const sync = new PeerDeltaSync({
    network,
    chain: indexer,
    store: content,
    log: log.child('sync'),
    precedence,
    onHeld: scAddr => announcer.add(scAddr)
  })
  const isRegistered = (): boolean => indexer.workerBySigner(signer) !== null
  const known = (): number => [...indexer.contracts()].length
  const syncLog = log.child('sync')
  const catchingUp = createCatchingUp({ sync, known, isRegistered, board, log: syncLog, signal: stops.signal })
  const snapshots = new Snapshots({
    network,
    chain: indexer,
    store: await SnapshotStore.open(db),
    log: log.child('snapshots')
  })
  const keys = new PeerKeyExchange({ network, chain: indexer, log: log.child('keys') })
  const reach = crashPoints(dir.path, config.crashAt)
  const envelopes = new EnvelopeStore(db)
  await envelopes.load()
  const store = createTaskStore(db)
  const taskLog = log.child('task')
  const committer = new Committer({ chain: indexer, sender, precedence, log: taskLog })
  const views = shareViews(indexer, enclave, createChainViews(indexer, enclave, network), () => runner.foreseen())
  const { verifyFull, snapshotWorth: worthDeltas } = config
  const loader = verifyFull
    ? noSnapshots
    : createSnapshotLoader({ enclave, snapshots, worthDeltas, board, log: taskLog })
  const feed = createEnclaveFeed(indexer, enclave, content, sync, loader, board)
  const alarm = (code: string, message: string): void => {
    board.alarm(code, message)
    taskLog.error(message, { code })
  }
  const effects = createEffects({
    chain: indexer,
    enclave,
    views,
    feed,
    envelopes,
    store,
    content,
    sync,
    findReceipt: createReceiptFinder(chain.rpc, indexer),
    sender,
    committer,
    precedence,
    log: taskLog,
    alarm,
    reachSigned: () => reach('signed-transaction')
  })
  const runner = new TaskRunner({
    chain: indexer,
    store,
    envelopes,
    effects,
    signer,
    operator: sender.address,
    board,
    precedence,
    log: taskLog,
    reach
  })
  const intake = createIntake({ chain: indexer, enclave, envelopes, content, reach })
  const tasks = createTaskService({ chain: indexer, enclave, intake, runner, store })

  const results = new Results({
    network,
    chain: indexer,
    tasks,
    cache: await ResultCache.open(db),
    signer,
    precedence,
    log: log.child('results')
  })
  const relay = new PeerTaskRelay({
    network,
    chain: indexer,
    tasks,
    results,
    signer: () => signer,
    log: log.child('relay')
  })

  const queries = createQueryRelay({
    network,
    chain: indexer,
    seat: createQuerySeat({ chain: indexer, enclave, views, feed }),
    signer: () => signer,
    log: log.child('query')
  })

  return {
    metrics,
    enclave,
    content,
    announcer,
    sync,
    catchingUp,
    snapshots,
    keys,
    envelopes,
    committer,
    views,
    feed,
    runner,
    tasks,
    results,
    relay,
    queries
  }
}
