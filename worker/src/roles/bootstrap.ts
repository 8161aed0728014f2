import { ZERO_ADDRESS, type Attested } from '@enigma/protocol'
import { metricsOf } from './node-metrics.ts'
import { infoOf, statusOf, type InfoParts } from './node-info.ts'
import { createNetwork, tellListening, type NodeBase } from './node.ts'
import { registeredPrincipal } from './principal-identity.ts'
import { START_STEPS } from '../ops/status-board.ts'

/** Knows peers and nothing else: a well-known address at which the others find each other. */
export async function startBootstrap(base: NodeBase): Promise<void> {
  const { board, chain, front, stops } = base
  let principal: Attested | null = await registeredPrincipal(chain)
  const stopLooking = chain.indexer.subscribe(event => {
    if (event.type !== 'head' || principal) return
    registeredPrincipal(chain).then(
      found => (principal = found),
      () => undefined // at the next head
    )
  })
  stops.add('principal look-out', stopLooking)
  const network = await createNetwork(
    base,
    () => ZERO_ADDRESS,
    () => principal
  )
  const info: InfoParts = {
    base,
    network,
    enclave: null,
    attested: () => Promise.resolve(null),
    principal: () => principal,
    lifecycle: () => 'unregistered'
  }
  const ready = (): boolean => board.steps().every(step => step.state === 'done')
  front.equip({
    node: { info: () => infoOf(info), status: () => statusOf(info, ready()), healthy: ready },
    metrics: metricsOf(base, network),
    network
  })
  stops.add('network', () => network.stop())
  await network.start()
  for (const step of START_STEPS) board.step(step, 'done')
  tellListening(base, network)
  stops.add('calls', () => front.stop(), front.stopMs)
}
