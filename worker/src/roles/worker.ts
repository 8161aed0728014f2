import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Attested, InfoResult } from '@enigma/protocol'
import type { NodeStatus } from '../rpc/interfaces.ts'
import { queryKeyOf } from '../rpc/query-method.ts'
import { workerMethods } from '../rpc/worker-methods.ts'
import { createReceiptFinder } from '../chain/receipt-finder.ts'
import { crashPoints } from '../ops/crash-points.ts'
import { earningsOf } from '../chain/earnings.ts'
import { timedEnclave } from '../enclave/timed.ts'
import { LevelContentStore } from '../sync/content-store.ts'
import { Announcer } from '../sync/announcer.ts'
import { PeerDeltaSync } from '../sync/delta-sync.ts'
import type { SyncProgress } from '../sync/interfaces.ts'
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
import { startSnapshotMaker } from '../task/snapshot-maker.ts'
import { createTaskService } from '../task/task-service.ts'
import { createTaskStore } from '../task/task-store.ts'
import { shareViews } from '../task/view-sharing.ts'
import { createChainViews } from '../task/views.ts'
import { writeRuntime } from './data-dir.ts'
import { startEpochKeys } from './epoch-keys.ts'
import { startEvidenceRenewal } from './evidence-renewal.ts'
import { metricsOf, serveHttp } from './http.ts'
import { createEnclave, createNetwork, infoOf, statusOf, type InfoParts, type Node, type NodeBase } from './node.ts'
import { registeredPrincipal } from './principal-identity.ts'
import { createRegistration } from './registration.ts'
import { startResultReplicas } from './result-replicas.ts'
import { createStops } from './stops.ts'

/** How long a step of the start waits before the node goes on without it; the work itself continues. */
const FIRST_PEER_MS = 10_000
const SYNC_MS = 15_000
const PRINCIPAL_PAUSE_MS = 250

/** The start sequence of the seeds: start, bootstrap, discovery, sync, announce, services, register; then login. */
export async function startWorker(base: NodeBase): Promise<Node> {
  const { config, board, log, dir, db, chain, sender, precedence, fatal } = base
  const { indexer, facts } = chain
  const stops = createStops(log)
  const stopping = new AbortController()
  stops.add('chain', () => chain.stop())

  board.step('start', 'running', 'waiting for the principal to be registered')
  let principal: Attested | null = null
  while ((principal = await registeredPrincipal(chain)) === null) await sleep(PRINCIPAL_PAUSE_MS)
  const supervisor = createEnclave(base)
  stops.add('enclave', () => supervisor.stop())
  board.step('start', 'running', 'starting the enclave')
  await supervisor.bind({
    role: 0,
    chainId: facts.chainId,
    enigma: facts.enigma,
    operator: sender.address,
    principalSigner: principal.report.signer,
    principal
  })
  const { signer } = supervisor.identity
  board.step('start', 'done', `enclave ${signer}, isolation ${supervisor.identity.isolation}`)

  const network = await createNetwork(
    base,
    () => signer,
    () => principal
  )
  let synced = 0
  const metrics = metricsOf(base, network, {
    enclaveStarts: () => supervisor.generation,
    earnings: () => earningsOf(indexer.projection.tasks(), sender.address),
    tasksByStage: () => runner.stages(),
    queues: () => ({ inputs: envelopes.size, tasks: runner.underWay }),
    contracts: () => ({ known: [...indexer.contracts()].length, synced })
  })
  const enclave = timedEnclave(supervisor, (method, ok, ms) => metrics.enclaveCall(method, ok, ms))
  const content = await LevelContentStore.open(db, log.child('content'))
  const announcer = new Announcer({
    network,
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
  const committer = new Committer({ chain: indexer, sender, log: taskLog })
  stops.add('committer', () => Promise.resolve(committer.stop()))
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
  const intake = createIntake({ chain: indexer, enclave, envelopes, content, reach, alarm })
  const tasks = createTaskService({ chain: indexer, enclave, intake, runner, store })

  const results = new Results({
    network,
    chain: indexer,
    tasks,
    cache: await ResultCache.open(db),
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

  const registration = createRegistration({
    chain,
    enclave,
    sender,
    staking: config.staking ?? sender.address,
    byHand: config.autoRegister ? null : join(dir.path, 'registration.json'),
    autoLogin: config.autoLogin,
    board,
    log,
    signal: stopping.signal
  })
  const lifecycle = (): InfoResult['status'] => {
    const worker = indexer.worker(sender.address)
    if (!board.steps().every(step => step.state === 'done' || ['register', 'login'].includes(step.name))) {
      return 'initializing'
    }
    if (worker?.signer !== signer) return 'unregistered'
    return worker.loggedIn ? 'logged-in' : 'registered'
  }
  const ready = (): boolean =>
    board.steps().every(step => step.state === 'done' || (step.name === 'login' && !config.autoLogin))
  const info: InfoParts = {
    base,
    network,
    enclave: supervisor,
    attested: () => Promise.resolve(indexer.workerBySigner(signer)?.attested ?? null),
    principal: () => principal,
    lifecycle
  }
  const node: NodeStatus = {
    info: () => infoOf(info),
    status: () => statusOf(info, ready()),
    healthy: () => enclave.pid !== null && lifecycle() !== 'initializing'
  }
  async function resync(signal: AbortSignal): Promise<SyncProgress> {
    const progress = await sync.syncAll(
      p => board.step('sync', 'running', `${p.done} of ${p.contracts} contracts, ${mebibytes(p.bytes)} fetched`),
      signal
    )
    synced = progress.done
    const missing = progress.failed.length > 0 ? '; the rest is fetched on' : ''
    const fetched = `${mebibytes(progress.bytes)} fetched`
    board.step('sync', 'done', `${progress.done} of ${progress.contracts} contracts, ${fetched}${missing}`)
    return progress
  }
  const http = serveHttp(base, {
    node,
    metrics,
    network,
    worker: {
      handlers: workerMethods({ node, chain: indexer, relay, keys, tasks, queries, drain: base.drain }),
      follow: { tasks, relay },
      keyOf: queryKeyOf(facts)
    },
    actions: {
      login: () => registration.transact('login').then(() => ({ lifecycle: 'logged-in' })),
      logout: () => registration.transact('logout').then(() => ({ lifecycle: 'registered' })),
      async resync() {
        const { contracts, done, failed } = await resync(stopping.signal)
        return { contracts, done, failed }
      },
      drain(on) {
        base.drain.set(on)
        return Promise.resolve({ draining: on, tasksUnderWay: runner.underWay })
      }
    }
  })

  try {
    board.step('bootstrap', 'running', config.bootstrap.join(' '))
    await network.start()
    stops.add('network', () => network.stop())
    await Promise.all([sync.start(), keys.start(), relay.start()])
    stops.add('sync', async () => {
      await Promise.all([sync.stop(), keys.stop(), relay.stop()])
    })
    await http.start()
    stops.add('http', () => http.stop())
    writeRuntime(dir, { pid: process.pid, httpUrl: http.url, multiaddrs: network.multiaddrs() })
    log.info('listening', { http: http.url, peers: network.multiaddrs().join(' ') })
    await startUp()
  } catch (error) {
    await stops.run()
    throw error
  }

  async function startUp(): Promise<void> {
    const met = await firstPeer()
    board.step('bootstrap', 'done', met ? 'met a first peer' : 'no peer yet; dialling goes on')
    board.step('discovery', 'done', `${network.peers().length} peers; the search goes on for as long as the node lives`)

    board.step('sync', 'running')
    const limit = AbortSignal.any([AbortSignal.timeout(SYNC_MS), stopping.signal])
    await resync(limit)

    // Nobody but registered workers takes an announcement: a newcomer's go out once it is one.
    announcer.start()
    stops.add('announce', () => announcer.stop())
    board.step('announce', 'done', `0 of ${announcer.held} contracts in the DHT; told as soon as peers take it`)

    board.step('services', 'running')
    const epochKeys = startEpochKeys({ chain: indexer, enclave, keys, envelopes, log })
    stops.add('epoch keys', () => Promise.resolve(epochKeys.stop()))
    results.start()
    stops.add('results', () => Promise.resolve(results.stop()))
    const stopRenewal = startEvidenceRenewal(
      {
        chain: indexer,
        registered: () => indexer.workerBySigner(signer)?.attested ?? null,
        renew: () => registration.renew(),
        board,
        log
      },
      enclave.identity.measurement
    )
    stops.add('evidence renewal', () => Promise.resolve(stopRenewal()))
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
    stops.add('result replicas', () => Promise.resolve(stopReplicas()))
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
    board.step('services', 'done', http.url)
    log.info('services up', { http: http.url })
  }

  async function firstPeer(): Promise<boolean> {
    if (network.peers().length > 0) return true
    if (config.bootstrap.length === 0) return false
    const meeting = Promise.withResolvers<true>()
    const stop = network.onPeer(() => meeting.resolve(true))
    const met = await Promise.race([
      meeting.promise,
      sleep(FIRST_PEER_MS, false, { signal: stopping.signal, ref: false })
    ])
    stop()
    return met
  }

  // From here on the node answers; registering may have to wait for a stake, for as long as it takes.
  const joining = registration
    .register()
    .then(() => registration.login())
    .catch(error => {
      if (!stopping.signal.aborted) fatal(error instanceof Error ? error : new Error(String(error)))
    })

  return {
    async stop() {
      base.drain.set(true)
      stopping.abort()
      stops.add('calls', () => http.stop()) // before anything that they need
      sender.stop()
      await joining
      await stops.run()
      await db.close()
    }
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
