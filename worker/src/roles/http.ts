import type { NodeStatus } from '../rpc/interfaces.ts'
import { RpcServer, type RpcServerInit } from '../rpc/rpc-server.ts'
import { infoOnlyMethods } from '../rpc/worker-methods.ts'
import type { NodeBase } from './node.ts'

/** JSON-RPC, /status and /healthcheck of a node on one port. */
export interface HttpEnd {
  readonly url: string // after start
  start(): Promise<void>
  stop(): Promise<void>
}

/** @param worker what a worker answers besides; without it only getInfo is answered. */
export function serveHttp(
  { config, log }: NodeBase,
  node: NodeStatus,
  worker: Pick<RpcServerInit, 'handlers' | 'follow'> | null
): HttpEnd {
  const server = new RpcServer({
    host: config.httpHost,
    port: config.httpPort,
    node,
    handlers: worker?.handlers ?? infoOnlyMethods(node, config.role),
    follow: worker?.follow ?? null,
    log: log.child('rpc')
  })
  return {
    get url() {
      return `http://${config.httpHost}:${server.port}`
    },
    start: () => server.start(),
    stop: () => server.stop()
  }
}
