import { createMetrics, type Metrics, type MetricSources } from '../ops/metrics.ts'
import type { LogLevel } from '../ops/log.ts'
import { VERSION } from '../ops/version.ts'
import type { NodeStatus } from '../rpc/interfaces.ts'
import { managementHandler, managementToken, type ManagementActions } from '../rpc/management.ts'
import { RpcError } from '../rpc/errors.ts'
import { DEVNET_ORIGINS } from '../rpc/origin.ts'
import { openRpcDocument } from '../rpc/openrpc.ts'
import { RpcServer, type RpcServerInit } from '../rpc/rpc-server.ts'
import { infoOnlyMethods } from '../rpc/worker-methods.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import type { NodeBase } from './node.ts'

/** JSON-RPC, pages for probes and management of a node on one port. */
export interface HttpEnd {
  readonly url: string // after start
  start(): Promise<void>
  stop(): Promise<void>
}

/** What only some roles can do or measure. */
export interface HttpParts {
  readonly node: NodeStatus
  readonly metrics: Metrics
  readonly network: PeerNetwork
  /** What a worker answers besides; without it only getInfo is answered. */
  readonly worker?: Pick<RpcServerInit, 'handlers' | 'follow' | 'keyOf'>
  readonly actions?: Partial<ManagementActions>
}

export function serveHttp(base: NodeBase, { node, metrics, network, worker, actions }: HttpParts): HttpEnd {
  const { config, log, dir } = base
  const document = JSON.stringify(openRpcDocument(VERSION))
  const token = managementToken(dir.managementToken)
  const server = new RpcServer({
    host: config.httpHost,
    port: config.httpPort,
    hostNames: config.hostNames,
    origins: [...DEVNET_ORIGINS, ...config.origins],
    node: { ...node, healthy: () => node.healthy() && !base.drain.isOn },
    handlers: worker?.handlers ?? infoOnlyMethods(node, config.role),
    follow: worker?.follow ?? null,
    ...(worker?.keyOf && { keyOf: worker.keyOf }),
    log: log.child('rpc'),
    onCall: (method, code, ms) => metrics.rpcCall(method, code, ms),
    pages: {
      '/metrics': { contentType: metrics.contentType, body: () => metrics.text() },
      '/openrpc.json': { contentType: 'application/json; charset=utf-8', body: () => document }
    },
    management: managementHandler({ ...commonActions(base, network), ...actions }, token, log.child('mgmt'))
  })
  return {
    get url() {
      return `http://${config.httpHost}:${server.port}`
    },
    start: () => server.start(),
    stop: () => server.stop()
  }
}

/** What every role can do; the rest is refused unless a role brings it. */
function commonActions({ config, drain, logControl }: NodeBase, network: PeerNetwork): ManagementActions {
  const refuse = (method: string) => (): Promise<never> =>
    Promise.reject(
      new RpcError({ code: 'RPC_WRONG_ROLE', method, role: config.role }, `A ${config.role} has no ${method}.`, {
        hint: config.role === 'principal' ? 'Ask a worker.' : 'Ask the role that has it.'
      })
    )
  return {
    login: refuse('login'),
    logout: refuse('logout'),
    resync: refuse('resync'),
    logLevel(level: LogLevel) {
      const before = logControl.level
      logControl.level = level
      return Promise.resolve({ level, before })
    },
    importRequest: refuse('import-request'),
    exportRoot: refuse('export-root'),
    importRoot: refuse('import-root'),
    promote: refuse('promote'),
    rotateGeneration: refuse('rotate-generation'),
    peers: () => Promise.resolve({ peers: network.peers() }),
    drain(on) {
      drain.set(on)
      return Promise.resolve({ draining: on })
    }
  }
}

type Fixed = 'board' | 'chain' | 'peersByRole'

/** The metrics of a node: what all roles have, and what the role adds. */
export function metricsOf(
  { board, chain, sender }: NodeBase,
  network: PeerNetwork,
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
