import { join } from 'node:path'
import type { Attested, InfoResult } from '@enigma/protocol'
import { sleep } from '../net/deadline.ts'
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
import { createCatchingUp } from './catching-up.ts'
import { startEpochKeys } from './epoch-keys.ts'
import { startEvidenceRenewal } from './evidence-renewal.ts'
import { startLostContent } from './lost-content.ts'
import { metricsOf } from './node-metrics.ts'
import { createEnclave, createNetwork, infoOf, statusOf, tellListening, type InfoParts, type NodeBase } from './node.ts'
import { registeredPrincipal } from './principal-identity.ts'
import { createRegistration } from './registration.ts'
import { startResultReplicas } from './result-replicas.ts'
import { untilThere } from './until-there.ts'

/** How long a step of the start waits before the node goes on without it; the work itself continues. */
const FIRST_PEER_MS = 10_000

/** The start sequence of the seeds: start, bootstrap, discovery, sync, announce, services, register; then login. */
export async function startWorker(base: NodeBase): Promise<void> {
  const { config, board, log, dir, db, chain, sender, precedence, fatal, front, stops } = base
  const { indexer, facts } = chain

  let principal: Attested | null = null
  const supervisor = createEnclave(base)
  const network = await createNetwork(
    base,
    () => supervisor.identity.signer,
    () => principal
  )
  const info: InfoParts = {
    base,
    network,
    get enclave() {
      return supervisor.isBound ? supervisor : null
    },
    attested: () =>
      Promise.resolve(
        supervisor.isBound ? (indexer.workerBySigner(supervisor.identity.signer)?.attested ?? null) : null
      ),
    principal: () => principal,
    lifecycle: () => lifecycle()
  }
  let lifecycle = (): InfoResult['status'] => 'initializing'
  let ready = (): boolean => false
  const node: NodeStatus = {
    info: () => infoOf(info),
    status: () => statusOf(info, ready()),
    healthy: () => supervisor.pid !== null && lifecycle() !== 'initializing'
  }
  front.equip({ node, metrics: metricsOf(base, network), network })

  const principalRegistered = 'the registration of a principal'
  board.waits('start', 'WAITS_FOR_PRINCIPAL', `for ${principalRegistered}`)
  principal = await untilThere(() => registeredPrincipal(chain), {
    signal: stops.signal,
    log,
    what: principalRegistered
  })
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

  const metrics = metricsOf(base, network, {
    enclaveStarts: () => supervisor.generation,
    earnings: () => earningsOf(indexer.projection.tasks(), sender.address),
    tasksByStage: () => runner.stages(),
    queues: () => ({ inputs: envelopes.size, tasks: runner.underWay }),
    contracts: () => ({ known: [...indexer.contracts()].length, synced: catchingUp.synced })
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
  const isRegistered = (): boolean => indexer.workerBySigner(signer) !== null
  const catchingUp = createCatchingUp({ sync, isRegistered, board, log: log.child('sync'), signal: stops.signal })
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
  stops.add('committer', () => committer.stop())
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

  const registration = createRegistration({
    chain,
    enclave,
    sender,
    staking: config.staking ?? sender.address,
    byHand: config.autoRegister ? null : join(dir.path, 'registration.json'),
    autoLogin: config.autoLogin,
    board,
    log,
    signal: stops.signal
  })
  // Sync may go on for long, and needs the registration: it makes nobody wait who can be answered.
  const late: readonly string[] = ['sync', 'register', 'login']
  lifecycle = () => {
    const worker = indexer.worker(sender.address)
    if (!board.steps().every(step => step.state === 'done' || late.includes(step.name))) return 'initializing'
    if (worker?.signer !== signer) return 'unregistered'
    return worker.loggedIn ? 'logged-in' : 'registered'
  }
  ready = () =>
    board.steps().every(({ name, state }) => {
      if (name === 'login' && !config.autoLogin) return true
      return state === 'done' || (name === 'sync' && catchingUp.tried)
    })
  front.equip({
    node,
    metrics,
    network,
    worker: {
      handlers: workerMethods({ node, chain: indexer, relay, keys, tasks, queries, drain: base.drain }),
      follow: () => ({ tasks, relay }),
      keyOf: queryKeyOf(facts)
    },
    actions: {
      login: () => registration.transact('login').then(() => ({ lifecycle: 'logged-in' })),
      logout: () => registration.transact('logout').then(() => ({ lifecycle: 'registered' })),
      async resync() {
        const { contracts, done, failed } = await catchingUp.round(stops.signal)
        return { contracts, done, failed }
      },
      drain(on) {
        base.drain.set(on)
        return Promise.resolve({ draining: on, tasksUnderWay: runner.underWay })
      }
    }
  })

  board.step('bootstrap', 'running', config.bootstrap.join(' '))
  stops.add('network', () => network.stop())
  await network.start()
  stops.add('sync', () => Promise.all([sync.stop(), keys.stop(), relay.stop()]))
  await Promise.all([sync.start(), keys.start(), relay.start()])
  tellListening(base, network)
  await startUp()

  async function startUp(): Promise<void> {
    const met = await firstPeer()
    board.step('bootstrap', 'done', met ? 'met a first peer' : 'no peer yet; dialling goes on')
    board.step('discovery', 'done', `${network.peers().length} peers; the search goes on for as long as the node lives`)

    await catchingUp.first()

    // Nobody but registered workers takes an announcement: a newcomer's go out once it is one.
    announcer.start()
    stops.add('announce', () => announcer.stop())
    board.step('announce', 'done', `0 of ${announcer.held} contracts in the DHT; told as soon as peers take it`)

    board.step('services', 'running')
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
      enclave.identity.measurement
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
    board.step('services', 'done', front.url)
  }

  async function firstPeer(): Promise<boolean> {
    if (network.peers().length > 0) return true
    if (config.bootstrap.length === 0) return false
    const meeting = Promise.withResolvers<void>()
    const stop = network.onPeer(() => meeting.resolve())
    await Promise.race([meeting.promise, sleep(FIRST_PEER_MS, stops.signal)])
    stop()
    return network.peers().length > 0
  }

  // From here on the node answers; registering may have to wait for a stake, for as long as it takes. A seat without the
  // contents accepts nothing (R10), so the login comes after them.
  const isLoggedIn = (): boolean => indexer.worker(sender.address)?.loggedIn === true
  const joining = registration
    .register()
    .then(() => {
      const whole = catchingUp.finish() // goes on by itself
      return isLoggedIn() ? undefined : whole
    })
    .then(() => registration.login())
    .catch(error => {
      if (!stops.signal.aborted) fatal(error instanceof Error ? error : new Error(String(error)))
    })
  stops.add('registration', () => joining)
  stops.add('transactions', () => sender.stop())
  stops.add('calls', () => front.stop(), front.stopMs) // before anything that they need
}
