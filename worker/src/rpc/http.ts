import type { IncomingMessage, ServerResponse } from 'node:http'
import { HEAD_BYTES, roomOf } from './body-room.ts'
import { readBody, sendJson } from './body.ts'
import { hostOf } from './caller-host.ts'
import type { Quota } from '../net/quota.ts'
import type { Dispatch } from './dispatch.ts'
import { JSON_RPC, refusalText } from './errors.ts'
import type { NodeStatus } from './interfaces.ts'
import type { RpcLimits } from './limits.ts'
import type { ManagementHandler } from './management.ts'
import { isAllowedHost, isAllowedOrigin } from './origin.ts'

/** A text that GET answers. */
export interface Page {
  readonly contentType: string
  body(): string | Promise<string>
}

export interface HttpInit {
  readonly dispatch: Dispatch
  readonly node: Pick<NodeStatus, 'status' | 'healthy'>
  readonly origins: readonly string[]
  readonly hostNames: readonly string[]
  readonly limits: Pick<
    RpcLimits,
    'maxBodyBytes' | 'maxDeploymentBytes' | 'pagesPerSecond' | 'pagesBurst' | 'answerTimeoutMs'
  >
  readonly quota: Quota
  /** Further pages by path, such as /metrics. */
  readonly pages: Readonly<Record<string, Page>>
  readonly management: ManagementHandler | null
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

/** JSON-RPC by POST, the pages for people and probes, and management. Everything else is turned away. */
export function httpHandler(init: HttpInit): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(init, request, response).then(
      () => untilTaken(response, init.limits.answerTimeoutMs),
      () => request.socket.destroy() // the client went away, or sent a body that is not one: there is nobody to tell
    )
  }
}

/** Whoever does not read its answer is cut off: until then it waits here, as long as it is. */
function untilTaken(response: ServerResponse, limitMs: number): void {
  if (response.writableFinished || response.destroyed) return
  const timer = setTimeout(() => response.destroy(), limitMs)
  response.once('close', () => clearTimeout(timer))
}

async function answer(init: HttpInit, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Vary', 'Origin')
  const fault = accessFault(request.headers, init)
  if (fault !== null) return sendText(request, response, 403, fault)
  const path = request.url?.split('?', 1)[0] ?? '/'
  if (init.management !== null && path.startsWith('/mgmt')) return init.management(request, response, path)
  const { origin } = request.headers
  if (origin !== undefined) {
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After')
  }

  switch (request.method) {
    case 'OPTIONS':
      response.setHeader('Access-Control-Allow-Methods', 'GET, POST')
      response.setHeader('Access-Control-Allow-Headers', 'Content-Type')
      response.setHeader('Access-Control-Max-Age', '600')
      response.writeHead(204).end()
      return
    case 'GET':
      return get(init, request, response, path)
    case 'POST':
      return call(init, request, response)
    default:
      response.setHeader('Allow', 'GET, POST, OPTIONS')
      return sendText(request, response, 405, 'JSON-RPC calls are POST requests.')
  }
}

async function get(
  { node, pages, quota, limits }: HttpInit,
  request: IncomingMessage,
  response: ServerResponse,
  path: string
): Promise<void> {
  if (path === '/healthcheck') {
    const healthy = node.healthy()
    return sendText(request, response, healthy ? 200 : 503, healthy ? 'ok' : 'not ready')
  }
  // Not the health check: it costs nothing, and a supervisor must never take a refusal for an illness.
  if (!quota.take(`page ${hostOf(request.socket.remoteAddress)}`, limits.pagesPerSecond, limits.pagesBurst)) {
    response.setHeader('Retry-After', '1')
    return sendText(request, response, 429, `More than ${limits.pagesPerSecond} pages a second from your address.`)
  }
  if (path === '/status') return sendJson(response, 200, JSON.stringify(node.status(), bigints, 2))
  if (Object.hasOwn(pages, path)) {
    const { contentType, body } = pages[path]!
    const text = await body()
    response.writeHead(200, { 'Content-Type': contentType }).end(text)
    return
  }
  const known = ['/healthcheck', '/status', ...Object.keys(pages)].join(', ')
  sendText(request, response, 404, `There are ${known}, and JSON-RPC by POST.`)
}

async function call(init: HttpInit, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refuse = (status: number, message: string, code: string): void => {
    response.setHeader('Connection', 'close') // its body was not read, so the connection is of no further use
    response.once('finish', () => setTimeout(() => request.socket.destroy(), LAST_WORD_MS).unref())
    sendJson(response, status, refusalText(JSON_RPC.request, message, { code }))
  }
  // A form of a foreign page cannot send this type without asking first.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return refuse(415, 'JSON-RPC calls have the content type application/json.', 'RPC_CONTENT_TYPE')
  }
  const { maxBodyBytes, maxDeploymentBytes } = init.limits
  const byHead = { headBytes: HEAD_BYTES, maxBytesOf: (head: string) => roomOf(head, init.limits) }
  const body = await readBody(request, { maxBytes: Math.max(maxBodyBytes, maxDeploymentBytes), byHead })
  if (body === null) {
    const most = `A request has at most ${maxBodyBytes} bytes, one that deploys a contract ${maxDeploymentBytes}.`
    return refuse(413, most, 'RPC_BODY_TOO_LARGE')
  }
  const text = utf8Of(body)
  if (text === null) {
    return sendJson(response, 200, refusalText(JSON_RPC.parse, 'The request is not UTF-8.', { code: 'RPC_NOT_JSON' }))
  }
  const answered = Promise.withResolvers<void>()
  const host = hostOf(request.socket.remoteAddress)
  const reply = await init.dispatch(text, { host, subscriptions: null, answered: answered.promise })
  if (reply.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(reply.retryAfterSeconds))
  if (reply.text === null) response.writeHead(204).end()
  else sendJson(response, reply.retryAfterSeconds === undefined ? 200 : 429, reply.text)
  answered.resolve()
}

/** For the refusal to arrive: whoever goes on sending is cut off then. */
export const LAST_WORD_MS = 300

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Null if it is no UTF-8: what was sent must never be something else than what is read. */
function utf8Of(body: Uint8Array): string | null {
  try {
    return strict.decode(body)
  } catch {
    return null
  }
}

/** An answer to a request that is turned away: its body was not read, so the connection is of no further use. */
function sendText(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  if (status >= 400 && request.method === 'POST') response.setHeader('Connection', 'close')
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}

const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
