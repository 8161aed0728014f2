import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

/** One JSON-RPC call on its way to the node. */
export interface FrontCall {
  readonly method: string
  readonly params: readonly unknown[]
  /** Counts from 0. */
  readonly number: number
}

/** What becomes of a call. */
export type FrontFault =
  | { readonly kind: 'pass' }
  /** Refused before the node hears of it. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: string; readonly retryAfterS?: number }
  /** A page of a web server that is in the way, with status 200. */
  | { readonly kind: 'html' }
  /** Nothing is ever answered; the socket stays open. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  /** The node does the call, and the answer is lost: the case in which "failed" is not "not done". */
  | { readonly kind: 'lose-answer' }
  /** The node's answer, cut in the middle of its body. */
  | { readonly kind: 'truncate' }
  /** The node's result, changed. */
  | { readonly kind: 'lie'; readonly result: (truth: unknown) => unknown }
  /** An error instead of results that are too much, say. */
  | {
      readonly kind: 'refuse'
      readonly when: (truth: unknown) => boolean
      readonly code: number
      readonly message: string
    }

export type FrontPlan = (call: FrontCall) => FrontFault

export const honest: FrontPlan = () => ({ kind: 'pass' })

/** An HTTP server in front of an Ethereum node that knows JSON-RPC well enough to lie. */
export interface RpcFront {
  readonly url: string
  /** From the next call on. */
  behave(plan: FrontPlan): void
  /** WebSockets are passed through unless refused. */
  refuseWebSockets(refused: boolean): void
  /** The last 10,000. */
  readonly calls: readonly FrontCall[]
  /** Faults that were done, by kind. */
  readonly faults: Readonly<Record<string, number>>
  stop(): Promise<void>
}

const MAX_BODY_BYTES = 64 << 20
const MAX_CALLS = 10_000
const PAGE = '<!doctype html><title>502</title><h1>Bad gateway</h1>'

export async function startRpcFront(targetUrl: string, plan: FrontPlan = honest): Promise<RpcFront> {
  const target = new URL(targetUrl)
  const calls: FrontCall[] = []
  const faults: Record<string, number> = {}
  const sockets = new Set<Socket>()
  let wsRefused = false
  let count = 0

  const server = createServer((request, response) => {
    void serve(request, response).catch(() => request.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (wsRefused) return socket.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    sockets.add(upstream)
    const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`)
    upstream.write(`GET ${request.url ?? '/'} HTTP/1.1\r\n${headers.join('')}\r\n`)
    upstream.write(head)
    upstream.pipe(socket)
    socket.pipe(upstream)
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket]
    ] as const) {
      one.on('error', () => undefined)
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const asked = JSON.parse(body.toString('utf8')) as { id: unknown; method: string; params?: unknown[] }
    const call: FrontCall = { method: asked.method, params: asked.params ?? [], number: count++ }
    calls.push(call)
    if (calls.length > MAX_CALLS) calls.shift()
    const fault = plan(call)
    faults[fault.kind] = (faults[fault.kind] ?? 0) + 1
    switch (fault.kind) {
      case 'hang':
        return
      case 'reset':
        return request.socket.resetAndDestroy() as unknown as void
      case 'html':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
      case 'status': {
        const retry = fault.retryAfterS === undefined ? {} : { 'retry-after': String(fault.retryAfterS) }
        return void response.writeHead(fault.status, { 'content-type': 'text/plain', ...retry }).end(fault.body ?? '')
      }
      case 'pass':
      case 'lose-answer':
      case 'truncate':
      case 'lie':
      case 'refuse':
        break
    }
    const answer = await forward(body)
    if (fault.kind === 'lose-answer') return request.socket.resetAndDestroy() as unknown as void
    if (fault.kind === 'truncate') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(answer.length) })
      response.write(answer.subarray(0, answer.length >> 1), () => request.socket.destroy())
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    if (fault.kind === 'pass') return void response.end(answer)
    const told = JSON.parse(answer.toString('utf8')) as { id: unknown; jsonrpc: string; result?: unknown }
    if (fault.kind === 'refuse') {
      const { id, jsonrpc, result } = told
      const { code, message } = fault
      return void response.end(fault.when(result) ? JSON.stringify({ id, jsonrpc, error: { code, message } }) : answer)
    }
    response.end(JSON.stringify('result' in told ? { ...told, result: fault.result(told.result) } : told))
  }

  /** The node's own answer, whatever its status was. */
  function forward(body: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const onward = httpRequest(
        target,
        { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': body.length } },
        reply => void bodyOf(reply).then(resolve, reject)
      )
      onward.on('error', reject)
      onward.end(body)
    })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behave: next => void (plan = next),
    refuseWebSockets(refused) {
      wsRefused = refused
    },
    calls,
    faults,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new Error('a body that is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
