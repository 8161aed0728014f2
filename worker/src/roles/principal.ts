import { ZERO_ADDRESS, type Address, type Attested, type InfoResult } from '@enigma/protocol'
import { startEpochSetter } from './epoch-setter.ts'
import { timedEnclave } from '../enclave/timed.ts'
import { metricsOf } from './node-metrics.ts'
import { infoOf, statusOf, type InfoParts } from './node-info.ts'
import { createEnclave, createNetwork, tellListening, type NodeBase } from './node.ts'
import { principalOperator } from './principal-identity.ts'
import { servePrincipal } from './principal-service.ts'
import { createRootCopies } from './root-copies.ts'
import { openStandby } from './standby.ts'

/**
 * Key management and epochs (R1, R5, R9, R14). It shows its enclave's evidence before it is registered, so that the
 * contract's owner can register it, and serves workers from then on.
 */
export async function startPrincipal(base: NodeBase): Promise<void> {
  const { config, board, log, db, chain, sender, front, stops } = base
  const { indexer, facts } = chain
  board.step('start', 'running', 'starting the enclave')
  const enclave = createEnclave(base)
  stops.add('enclave', () => enclave.stop())
  const signerOf = (): Address => enclave.identity.signer
  // Kept, so that one registration does not see another evidence than the next question.
  let evidence: Attested | null = null
  const attested = async (): Promise<Attested> => (evidence ??= await enclave.call('evidence', { nonce: 0 }))
  const network = await createNetwork(base, signerOf, () => evidence)
  const metrics = metricsOf(base, network, { enclaveStarts: () => enclave.generation })
  const timed = timedEnclave(enclave, (method, ok, ms) => metrics.enclaveCall(method, ok, ms))
  const copies = createRootCopies({
    enclave,
    db,
    board,
    log,
    mayWait: config.standby,
    start: {
      role: 1,
      chainId: facts.chainId,
      enigma: facts.enigma,
      operator: await principalOperator(chain, db),
      principalSigner: ZERO_ADDRESS,
      principal: null
    }
  })
  const standby = await openStandby(db, config.standby, board, log)

  const lifecycle = (): InfoResult['status'] =>
    enclave.isBound && indexer.projection.principal?.signer === signerOf() ? 'registered' : 'unregistered'
  const info: InfoParts = {
    base,
    network,
    get enclave() {
      return enclave.isBound ? enclave : null
    },
    attested: () => (enclave.isBound ? attested() : Promise.resolve(null)),
    principal: () => evidence,
    lifecycle
  }
  const ready = (): boolean => board.steps().every(step => step.state === 'done')
  // A standby without a root waits for it: its operator reaches it here.
  front.equip({
    node: {
      info: () => infoOf(info),
      status: () => statusOf(info, ready()),
      healthy: () => enclave.isBound && enclave.pid !== null
    },
    metrics,
    network,
    actions: {
      ...copies.actions,
      promote: () => standby.promote(),
      async rotateGeneration() {
        standby.requirePrimary()
        return enclave.call('rotateGeneration', {})
      }
    }
  })
  await copies.bind()
  board.step('start', 'done', `enclave ${signerOf()}, isolation ${enclave.identity.isolation}`)
  servePrincipal({ chain: indexer, enclave: timed, network, board, attested })
  board.step('bootstrap', 'running')
  stops.add('network', () => network.stop())
  await network.start()
  tellListening(base, network)
  board.step('bootstrap', 'done', 'this node is one to bootstrap from')
  board.step('discovery', 'done', 'the search for peers goes on for as long as the node lives')
  board.step('sync', 'done', 'a principal keeps no contents')
  board.step('announce', 'done', 'a principal announces nothing')
  board.step('services', 'done', front.url)
  board.step('login', 'done', 'a principal has no stake')

  const signer = signerOf()
  board.waits('register', 'WAITS_FOR_OWNER', 'for the owner of the contract to register this principal')
  const refused = `the contract knows another principal than this one`
  const look = (): void => {
    const registered = indexer.projection.principal
    if (!registered) return
    if (registered.signer === signer) {
      if (board.steps().find(step => step.name === 'register')?.state !== 'done') log.info('registered', { signer })
      board.step('register', 'done', `signer ${signer}`)
    } else {
      board.step('register', 'failed', refused)
      board.alarm('OTHER_PRINCIPAL', `${refused}: ${registered.signer}.`)
    }
  }
  look()
  const stopLooking = indexer.subscribe(event => {
    if (event.type === 'head') look()
  })
  const stopEpochs = startEpochSetter({
    indexer,
    enclave,
    sender,
    isPrimary: () => standby.isPrimary,
    minWorkers: config.minWorkers,
    board,
    log: log.child('epochs'),
    isRegistered: () => indexer.projection.principal?.signer === signer
  })
  stops.add('registration', stopLooking)
  stops.add('epochs', stopEpochs)
  stops.add('transactions', () => sender.stop())
  stops.add('calls', () => front.stop(), front.stopMs)
}
