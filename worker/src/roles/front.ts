import { backUp } from '../ops/backup.ts'
import type { Database } from '../ops/database.ts'
import { createMetrics, type Metrics } from '../ops/metrics.ts'
import type { Drain } from '../ops/drain.ts'
import type { LogControl, LogLevel, Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import { VERSION } from '../ops/version.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import { RpcError } from '../rpc/errors.ts'
import type { NodeStatus } from '../rpc/interfaces.ts'
import { MANAGEMENT_ACTIONS, managementHandler, managementToken, type ManagementActions } from '../rpc/management.ts'
import { openRpcDocument, RPC_METHOD_NAMES } from '../rpc/openrpc.ts'
import { DEVNET_ORIGINS } from '../rpc/origin.ts'
import { RpcServer, type RpcServerInit } from '../rpc/rpc-server.ts'
import type { RpcHandlers } from '../rpc/dispatch.ts'
import { infoOnlyMethods, refusingMethods } from '../rpc/worker-methods.ts'
import type { Config } from '../config.ts'
import { WorkerError } from '../errors.ts'
import type { DataDir } from './data-dir.ts'

/**
 * JSON-RPC, pages for probes and management of a node on one port. It is there before anything else, so that a node which waits
 * says what for; its parts are handed to it as they come up.
 */
export interface Front {
  readonly url: string // after start
  equip(parts: FrontParts): void
  start(): Promise<void>
  stop(): Promise<void>
  /** How long `stop` may take. */
  readonly stopMs: number
}

/** What only some roles can do or measure. */
export interface FrontParts {
  readonly node: NodeStatus
  readonly metrics: Metrics
  readonly network: Pick<PeerNetwork, 'peers'>
  /** What a worker answers besides; without it only getInfo is answered. */
  readonly worker?: { readonly handlers: RpcHandlers } & Pick<RpcServerInit, 'follow' | 'keyOf'>
  readonly actions?: Partial<ManagementActions>
}

export interface FrontInit {
  readonly config: Config
  readonly log: Logger
  readonly logControl: LogControl
  readonly board: StatusBoard
  readonly drain: Drain
  readonly dir: DataDir
  readonly db: Database
}

/** Calls under way get 5 s of it (rpc-server.ts). */
const STOP_MS = 6_000

export function createFront(init: FrontInit): Front {
  const { config, log, board, drain, dir } = init
  const document = JSON.stringify(openRpcDocument(VERSION))
  let parts: FrontParts = bareParts(init)
  const info: NodeStatus['info'] = () => parts.node.info()
  const refusing =
    config.role === 'worker' ? refusingMethods(info, () => notReady(board)) : infoOnlyMethods({ info }, config.role)
  const handlers = Object.fromEntries(
    RPC_METHOD_NAMES.map(method => [
      method,
      (params: never, caller: never) => (parts.worker?.handlers ?? refusing)[method](params, caller)
    ])
  ) as unknown as RpcHandlers
  const actions = Object.fromEntries(
    MANAGEMENT_ACTIONS.map(name => [
      name,
      (given: never) => ({ ...commonActions(init, parts.network), ...parts.actions })[name](given)
    ])
  ) as unknown as ManagementActions
  const server = new RpcServer({
    host: config.httpHost,
    port: config.httpPort,
    hostNames: config.hostNames,
    origins: [...DEVNET_ORIGINS, ...config.origins],
    node: { status: () => parts.node.status(), healthy: () => parts.node.healthy() && !drain.isOn },
    handlers,
    follow: () => parts.worker?.follow?.() ?? null,
    keyOf: (method, params) => parts.worker?.keyOf?.(method, params) ?? null,
    log: log.child('rpc'),
    onCall: (method, code, ms) => parts.metrics.rpcCall(method, code, ms),
    pages: {
      '/metrics': { contentType: parts.metrics.contentType, body: () => parts.metrics.text() },
      '/openrpc.json': { contentType: 'application/json; charset=utf-8', body: () => document }
    },
    management: managementHandler(actions, managementToken(dir.managementToken), log.child('mgmt'))
  })
  return {
    get url() {
      return `http://${config.httpHost}:${server.port}`
    },
    equip: given => void (parts = given),
    start: () => server.start(),
    stop: () => server.stop(),
    stopMs: STOP_MS
  }
}

/** Before the node knows its chain: its steps, and nothing else. */
function bareParts({ config, board, drain }: FrontInit): FrontParts {
  return {
    node: {
      info: () => Promise.reject(notReady(board)),
      status: () => ({
        ready: false,
        draining: drain.isOn,
        role: config.role,
        name: config.name,
        lifecycle: 'initializing',
        version: VERSION,
        ...board.snapshot()
      }),
      healthy: () => false
    },
    metrics: createMetrics({ board }),
    network: { peers: () => [] }
  }
}

function notReady(board: StatusBoard): WorkerError {
  const open = board.steps().find(({ state }) => state !== 'done')
  const { name = 'start', detail = '', hint } = open ?? {}
  return new WorkerError(
    { code: 'WORKER_NOT_READY', step: name },
    `This node is still at the step ${name}${detail && `: ${detail}`}.`,
    { hint: hint ?? 'Wait until `/status` says that it is ready, or ask another worker.' }
  )
}

/** What every role can do; the rest is refused unless a role brings it. */
function commonActions(
  { config, board, drain, logControl, dir, db }: FrontInit,
  network: Pick<PeerNetwork, 'peers'>
): ManagementActions {
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
    async backup(target) {
      const { role, name } = config
      const made = await backUp({ dataDir: dir.path, db, target, facts: { role, name, version: VERSION } })
      board.count('backups')
      return made
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
