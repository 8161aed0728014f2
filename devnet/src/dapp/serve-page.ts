import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'

export interface PageInit {
  /** Folder of the built page. */
  readonly root: string
  /** Served as /network.json. */
  readonly networkFile: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm'
}

const local = ['http:', 'ws:'].flatMap(scheme => [`${scheme}//127.0.0.1:*`, `${scheme}//localhost:*`])
/** The page loads nothing from elsewhere and speaks to this machine only. Wallets show their pictures as data. */
const POLICY = `default-src 'self'; img-src 'self' data:; connect-src 'self' ${local.join(' ')}; base-uri 'none'; frame-ancestors 'none'`

/** Serves a folder and one file beside it, to this machine, by GET only. Names that lead out of the folder are not found. */
export function servePage(init: PageInit): Server {
  const server = createServer((request, response) => {
    answer(init, request, response).catch(() => request.socket.destroy())
  })
  server.requestTimeout = 5_000
  server.maxConnections = 64
  return server
}

async function answer(
  { root, networkFile }: PageInit,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Content-Security-Policy', POLICY)
  response.setHeader('Referrer-Policy', 'no-referrer')
  const refuse = (status: number, sentence: string): void =>
    void response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`)
  if (!isLocalHost(request.headers.host)) return refuse(403, 'This server does not go by that name.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'There is nothing but pages here.')

  const path = pathOf(request.url)
  if (path === null) return refuse(400, 'That is no address of a page.')
  const isNetwork = path === '/network.json'
  const file = isNetwork ? networkFile : join(root, normalize(path === '/' ? '/index.html' : path))
  if (!isNetwork && !file.startsWith(root + sep)) return refuse(404, 'There is no such page.')
  let content: Buffer
  try {
    content = isNetwork ? readFileSync(file) : await readFile(file)
  } catch {
    return refuse(404, 'There is no such page.')
  }
  // Names of built files change with their content; the others are asked for again.
  response.setHeader('Cache-Control', path.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-store')
  response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' })
  response.end(request.method === 'HEAD' ? undefined : content)
}

/** A page of a name that was rebound to this address sends its own name. */
function isLocalHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/i.test(host ?? '')
}

function pathOf(url = '/'): string | null {
  try {
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '/')
    return path.startsWith('/') && !path.includes('\0') ? path : null
  } catch {
    return null
  }
}
