import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatch } from './dispatch.ts'
import type { NodeStatus } from './interfaces.ts'
import { isAllowedHost, isAllowedOrigin } from './origin.ts'

export interface HttpInit {
  readonly dispatch: Dispatch
  readonly node: Pick<NodeStatus, 'status' | 'healthy'>
  readonly origins: readonly string[]
  readonly hostNames: readonly string[]
  readonly maxBodyBytes: number
}

/** Why a request is turned away before its content is looked at, or null. Also asked for a WebSocket's handshake. */
export function accessFault(
  { host, origin }: { host?: string | undefined; origin?: string | undefined },
  { hostNames, origins }: Pick<HttpInit, 'hostNames' | 'origins'>
): string | null {
  if (!isAllowedHost(host, hostNames)) return 'This server does not go by that name.'
  if (!isAllowedOrigin(origin, origins)) return 'Pages of that origin may not call this server.'
  return null
}

/** JSON-RPC by POST, and the two pages for people and probes. Everything else is turned away. */
export function httpHandler(init: HttpInit): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    // The client went away, or sent a body that is not one: there is nobody to tell.
    answer(init, request, response).catch(() => request.socket.destroy())
  }
}

async function answer(init: HttpInit, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Vary', 'Origin')
  const fault = accessFault(request.headers, init)
  if (fault !== null) return sendText(request, response, 403, fault)
  const { origin } = request.headers
  if (origin !== undefined) response.setHeader('Access-Control-Allow-Origin', origin)

  const path = request.url?.split('?', 1)[0] ?? '/'
  switch (request.method) {
    case 'OPTIONS':
      response.setHeader('Access-Control-Allow-Methods', 'GET, POST')
      response.setHeader('Access-Control-Allow-Headers', 'Content-Type')
      response.setHeader('Access-Control-Max-Age', '600')
      response.writeHead(204).end()
      return
    case 'GET':
      if (path === '/healthcheck') return healthcheck(init, request, response)
      if (path === '/status') return sendJson(response, 200, JSON.stringify(init.node.status(), bigints, 2))
      return sendText(request, response, 404, 'There are /healthcheck and /status, and JSON-RPC by POST.')
    case 'POST':
      return call(init, request, response)
    default:
      response.setHeader('Allow', 'GET, POST, OPTIONS')
      return sendText(request, response, 405, 'JSON-RPC calls are POST requests.')
  }
}

function healthcheck(init: HttpInit, request: IncomingMessage, response: ServerResponse): void {
  const healthy = init.node.healthy()
  sendText(request, response, healthy ? 200 : 503, healthy ? 'ok' : 'not ready')
}

async function call(init: HttpInit, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A form of a foreign page cannot send this type without asking first.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return sendText(request, response, 415, 'JSON-RPC calls have the content type application/json.')
  }
  const body = await readBody(request, init.maxBodyBytes)
  if (body === null) return sendText(request, response, 413, `A request has at most ${init.maxBodyBytes} bytes.`)
  const answered = Promise.withResolvers<void>()
  const host = request.socket.remoteAddress ?? 'unknown'
  const text = await init.dispatch(body, { host, subscriptions: null, answered: answered.promise })
  if (text === null) response.writeHead(204).end()
  else sendJson(response, 200, text)
  answered.resolve()
}

/** Null if it is too large: nothing above the limit is kept, whatever the header said. */
function readBody(request: IncomingMessage, maxBytes: number): Promise<string | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(null)
  const { promise, resolve, reject } = Promise.withResolvers<string | null>()
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) return void chunks.push(chunk)
    chunks.length = 0
    resolve(null)
  })
  request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
  request.on('error', reject)
  request.on('close', () => reject(new Error('The client went away.')))
  return promise
}

function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(text)
}

/** An answer to a request that is turned away: its body was not read, so the connection is of no further use. */
function sendText(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  if (status >= 400 && request.method === 'POST') response.setHeader('Connection', 'close')
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}

const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
