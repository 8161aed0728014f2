import { join } from 'node:path'
import type { Attested, InfoResult } from '@enigma/protocol'
import { sleep } from '../net/deadline.ts'
import type { NodeStatus } from '../rpc/interfaces.ts'
import { queryKeyOf } from '../rpc/query-method.ts'
import { workerMethods } from '../rpc/worker-methods.ts'
import { metricsOf } from './node-metrics.ts'
import { infoOf, statusOf, type InfoParts } from './node-info.ts'
import { createEnclave, createNetwork, tellListening, type NodeBase } from './node.ts'
import { registeredPrincipal } from './principal-identity.ts'
import { createRegistration } from './registration.ts'
import { untilThere } from './until-there.ts'
import { openWorkerParts } from './worker-parts.ts'
import { startWorkerServices } from './worker-services.ts'

/** How long a step of the start waits before the node goes on without it; the work itself continues. */
const FIRST_PEER_MS = 10_000

/** The start sequence of the seeds: start, bootstrap, discovery, sync, announce, services, register; then login. */
export async function startWorker(base: NodeBase): Promise<void> {
  const { config, board, log, dir, chain, sender, fatal, front, stops } = base
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

  const parts = await openWorkerParts(base, network, supervisor)
  stops.add('committer', () => parts.committer.stop())
  const { enclave, announcer, catchingUp, keys, relay, runner, sync, tasks } = parts
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
    metrics: parts.metrics,
    network,
    worker: {
      handlers: workerMethods({ node, chain: indexer, relay, keys, tasks, queries: parts.queries, drain: base.drain }),
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
    await startWorkerServices(base, network, parts, registration)
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
