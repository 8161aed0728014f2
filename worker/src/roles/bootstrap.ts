import { ZERO_ADDRESS, type Attested } from '@enigma/protocol'
import { writeRuntime } from './data-dir.ts'
import { metricsOf, serveHttp } from './http.ts'
import { createNetwork, infoOf, statusOf, type InfoParts, type Node, type NodeBase } from './node.ts'
import { registeredPrincipal } from './principal-identity.ts'
import { createStops } from './stops.ts'
import { START_STEPS } from '../ops/status-board.ts'

/** Knows peers and nothing else: a well-known address at which the others find each other. */
export async function startBootstrap(base: NodeBase): Promise<Node> {
  const { board, log, dir, db, chain, sender } = base
  const stops = createStops(log)
  stops.add('chain', () => chain.stop())
  let principal: Attested | null = await registeredPrincipal(chain)
  const stopLooking = chain.indexer.subscribe(event => {
    if (event.type !== 'head' || principal) return
    registeredPrincipal(chain).then(
      found => (principal = found),
      () => undefined // at the next head
    )
  })
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
  const http = serveHttp(base, {
    node: {
      info: () => infoOf(info),
      status: () => statusOf(info, true),
      healthy: () => true
    },
    metrics: metricsOf(base, network),
    network
  })
  try {
    await network.start()
    stops.add('network', () => network.stop())
    await http.start()
    stops.add('http', () => http.stop())
  } catch (error) {
    await stops.run()
    throw error
  }
  writeRuntime(dir, { pid: process.pid, httpUrl: http.url, multiaddrs: network.multiaddrs() })
  for (const step of START_STEPS) board.step(step, 'done')
  log.info('listening', { http: http.url, peers: network.multiaddrs().join(' ') })
  return {
    async stop() {
      stopLooking()
      sender.stop()
      await stops.run()
      await db.close()
    }
  }
}
