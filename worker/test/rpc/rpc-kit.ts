import { once } from 'node:events'
import { WebSocket } from 'ws'
import {
  TASK_STAGES,
  inputHashOf,
  type Address,
  type EpochKeyRecord,
  type InfoResult,
  type ReleasedResult,
  type SeatStatus,
  type TaskEvent,
  type TaskId
} from '@enigma/protocol'
import { RpcServer, type RpcServerInit } from '../../src/rpc/rpc-server.ts'
import { workerMethods } from '../../src/rpc/worker-methods.ts'
import type { KeyExchange, TaskRelay } from '../../src/sync/interfaces.ts'
import type { QueryRelay } from '../../src/sync/query-relay.ts'
import type { TaskService } from '../../src/sync/task-service.ts'
import { addressOf, hashOf, type MemoryChain } from '../memory-chain.ts'
import { quiet } from '../net/network-kit.ts'

/** The parts behind a worker's JSON-RPC, in memory: each says what the test told it. */
export class MemoryWorker {
  readonly chain: MemoryChain
  readonly delivered: { envelope: Uint8Array; bytecode: Uint8Array | null }[] = []
  stored: readonly Address[] = [addressOf('alice enclave')]
  refuse: Error | null = null
  seats: SeatStatus[] = []
  seatCalls = 0
  result: ReleasedResult | null = null
  healthy = true
  readonly epochKeys = new Map<number, Map<Address, EpochKeyRecord>>()
  readonly requested: { epoch: number; signers: readonly Address[]; timeoutMs: number }[] = []
  readonly #events = new Map<TaskId, TaskEvent[]>()
  readonly #watchers = new Set<(taskId: TaskId, event: TaskEvent) => void>()

  constructor(chain: MemoryChain) {
    this.chain = chain
  }

  tell(taskId: TaskId, ...events: TaskEvent[]): void {
    const held = this.#events.get(taskId) ?? []
    this.#events.set(taskId, [...held, ...events])
    for (const event of events) for (const watcher of this.#watchers) watcher(taskId, event)
  }

  readonly tasks: TaskService = {
    storeEnvelope: () => Promise.reject(new Error('not asked here')),
    seatStatus: () => null,
    releasedResult: () => Promise.resolve(null),
    onReleased: () => () => undefined,
    events: taskId =>
      [...(this.#events.get(taskId) ?? [])].sort((a, b) => TASK_STAGES.indexOf(a.stage) - TASK_STAGES.indexOf(b.stage)),
    watch: (taskId, listener) => {
      const watcher = (about: TaskId, event: TaskEvent): void => {
        if (about === taskId) listener(event)
      }
      this.#watchers.add(watcher)
      return () => void this.#watchers.delete(watcher)
    }
  }
  get watchers(): number {
    return this.#watchers.size
  }

  readonly relay: TaskRelay = {
    deliver: (envelope, bytecode = null) => {
      if (this.refuse) return Promise.reject(this.refuse)
      this.delivered.push({ envelope, bytecode })
      return Promise.resolve({ stored: this.stored })
    },
    seatStatuses: () => {
      this.seatCalls += 1
      return Promise.resolve(this.seats)
    },
    result: () => Promise.resolve(this.result),
    start: () => Promise.resolve(),
    stop: () => Promise.resolve()
  }

  readonly keys: KeyExchange = {
    publish: () => Promise.resolve(),
    keysFor: epoch => this.epochKeys.get(epoch) ?? new Map(),
    request: (epoch, signers = [], timeoutMs = 0) => {
      this.requested.push({ epoch, signers, timeoutMs })
      return Promise.resolve()
    },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve()
  }

  answerQuery: QueryRelay['query'] = () => Promise.reject(new Error('not asked here'))
  readonly queries: QueryRelay = { query: query => this.answerQuery(query) }

  readonly node = {
    info: () => Promise.resolve(INFO),
    status: () => ({ steps: [{ name: 'start', state: 'done' }], blocks: 12n }),
    healthy: () => this.healthy
  }

  server(options: Partial<RpcServerInit> = {}): RpcServer {
    const { node, chain, relay, keys, tasks, queries } = this
    return new RpcServer({
      port: 0,
      handlers: workerMethods({ node, chain, relay, keys, tasks, queries }),
      node,
      follow: () => ({ tasks, relay, pollMs: 20, pollMostMs: 40 }),
      log: quiet,
      ...options
    })
  }
}

export const INFO: InfoResult = {
  peerId: '12D3KooW',
  status: 'logged-in',
  version: '0.1.0',
  role: 'worker',
  name: 'worker-1',
  chainId: '31337',
  enigma: addressOf('enigma'),
  deploymentBlockHash: hashOf('deployment block'),
  confirmations: 1,
  epoch: 1,
  operator: addressOf('alice'),
  mode: 'simulation',
  simulation: true,
  isolation: 'process-only',
  measurement: hashOf('measurement'),
  attested: null,
  principal: null,
  peers: 2
}

export interface Answer {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: { code: string; hint?: string } }
}

export const envelopeHash = inputHashOf

/** POSTs any text and gives status, headers and the parsed answer, if there is one. */
export async function post(
  port: number,
  body: string | Uint8Array,
  headers: Record<string, string> = {}
): Promise<{ status: number; headers: Headers; answer: Answer; answers: Answer[] }> {
  const response = await fetch(`http://127.0.0.1:${port}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body as BodyInit
  })
  const text = await response.text()
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json')
  const parsed: unknown = isJson ? JSON.parse(text) : {}
  const answers = Array.isArray(parsed) ? (parsed as Answer[]) : []
  return { status: response.status, headers: response.headers, answer: parsed as Answer, answers }
}

export const callText = (method: string, params?: unknown, id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) })

export async function call(port: number, method: string, params?: unknown): Promise<Answer> {
  return (await post(port, callText(method, params))).answer
}

/** A WebSocket client that keeps what it is sent, in order. */
export class WsClient {
  readonly socket: WebSocket
  readonly received: (Answer & { method?: string; params?: { subscription: string; event: TaskEvent } })[] = []
  #next = 1

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('error', () => undefined)
    socket.on('message', data => this.received.push(JSON.parse((data as Buffer).toString()) as Answer))
  }
  static async open(port: number, headers: Record<string, string> = {}): Promise<WsClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers })
    const client = new WsClient(socket)
    await once(socket, 'open')
    return client
  }
  async call(method: string, params?: unknown): Promise<Answer> {
    const id = this.#next++
    this.socket.send(callText(method, params, id))
    for (;;) {
      const answer = this.received.find(message => message.id === id)
      if (answer) return answer
      await once(this.socket, 'message')
    }
  }
  events(subscription?: unknown): TaskEvent[] {
    return this.received.flatMap(({ method, params }) =>
      method === 'taskEvent' && params && (subscription === undefined || params.subscription === subscription)
        ? [params.event]
        : []
    )
  }
  close(): void {
    this.socket.terminate()
  }
}
