import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { EnigmaError } from '@enigma/protocol'
import { Quota } from '../net/quota.ts'
import type { Logger } from '../ops/log.ts'
import { hostOf } from './caller-host.ts'
import { createDispatch, type KeyOf, type OnCall, type RpcHandlers } from './dispatch.ts'
import { httpHandler, type Page } from './http.ts'
import type { NodeStatus } from './interfaces.ts'
import { RPC_LIMITS, type RpcLimits } from './limits.ts'
import type { ManagementHandler } from './management.ts'
import { DEVNET_ORIGINS } from './origin.ts'
import type { SubscriptionParts } from './subscriptions.ts'
import { webSockets, type WebSocketEnd } from './websocket.ts'

export interface RpcServerInit {
  readonly host?: string
  readonly port: number // 0: any free one
  readonly handlers: RpcHandlers
  readonly node: Pick<NodeStatus, 'status' | 'healthy'>
  /** What subscriptions look at, asked for each WebSocket; null for a node that runs no tasks. */
  readonly follow: () => Omit<SubscriptionParts, 'log'> | null
  readonly log: Logger
  /** Origins whose pages may call; default: those of this machine, at any port. Never with credentials. */
  readonly origins?: readonly string[]
  /** Names this server goes by, besides localhost and addresses. */
  readonly hostNames?: readonly string[]
  readonly limits?: Partial<RpcLimits>
  readonly keyOf?: KeyOf
  readonly onCall?: OnCall
  /** Further pages for GET, by path. */
  readonly pages?: Readonly<Record<string, Page>>
  readonly management?: ManagementHandler
}

/** Finishing what is under way when the node stops. */
const STOP_GRACE_MS = 5_000
const MAX_HEADER_BYTES = 16 * 1024

/** JSON-RPC for clients: HTTP, WebSocket, pages for probes and management on one port. docs/spec/json-rpc.md */
export class RpcServer {
  readonly #init: RpcServerInit
  readonly #limits: RpcLimits
  readonly #server: Server
  readonly #sockets: WebSocketEnd
  readonly #perHost = new Map<string, number>()

  constructor(init: RpcServerInit) {
    this.#init = init
    this.#limits = { ...RPC_LIMITS, ...init.limits }
    const { handlers, node, follow, log, origins = DEVNET_ORIGINS, hostNames = [], keyOf, onCall } = init
    const { pages = {}, management = null } = init
    const limits = this.#limits
    const quota = new Quota()
    const dispatch = createDispatch({
      handlers,
      quota,
      limits,
      log,
      ...(keyOf && { keyOf }),
      ...(onCall && { onCall })
    })
    this.#sockets = webSockets({ dispatch, origins, hostNames, limits, log, follow })
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: limits.keepAliveMs,
        connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs)
      },
      httpHandler({ dispatch, node, origins, hostNames, limits, quota, pages, management })
    )
    this.#server.maxConnections = limits.maxConnections
    this.#server.on('connection', (socket: Socket) => this.#admit(socket))
    this.#server.on('upgrade', (request, socket, head: Buffer) => this.#sockets.upgrade(request, socket, head))
  }

  /** The real port, after start. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#init.port
  }

  /** @throws NET_ADDRESS if the port is taken. */
  async start(): Promise<void> {
    const { host = '127.0.0.1', port, log } = this.#init
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen({ host, port }, resolve)
    try {
      await promise
    } catch (cause) {
      const address = `${host}:${port}`
      throw new EnigmaError({ code: 'NET_ADDRESS', address }, `JSON-RPC cannot listen on ${address}.`, {
        hint: 'Another program may have the port; choose another one.',
        cause
      })
    }
    this.#server.off('error', reject)
    this.#server.on('error', err => log.error('The JSON-RPC server failed', { error: err.message }))
    log.info('JSON-RPC up', { host, port: this.port })
  }

  /** Takes no more calls, lets those under way finish, and then closes what is left. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    // A connection is idle once its answer is out: clients keep theirs open.
    const idle = setInterval(() => this.#server.closeIdleConnections(), 50)
    const force = setTimeout(() => this.#server.closeAllConnections(), STOP_GRACE_MS)
    await this.#sockets.close(1_000)
    await closed
    clearTimeout(force)
    clearInterval(idle)
  }

  #admit(socket: Socket): void {
    const host = hostOf(socket.remoteAddress)
    const held = this.#perHost.get(host) ?? 0
    if (held >= this.#limits.maxConnectionsPerHost) {
      socket.destroy()
      return
    }
    this.#perHost.set(host, held + 1)
    socket.once('close', () => {
      const left = (this.#perHost.get(host) ?? 1) - 1
      if (left === 0) this.#perHost.delete(host)
      else this.#perHost.set(host, left)
    })
  }
}
