import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AddressPage {
  readonly url: string
  close(): Promise<void>
}

/** Serves one address as text, as the predecessor's network did; a web page may read it from anywhere. */
export async function serveAddress(port: number, address: string, host = '127.0.0.1'): Promise<AddressPage> {
  const server = createServer((request, response) => {
    const allowed = request.method === 'GET' || request.method === 'HEAD'
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'access-control-allow-origin': '*' }
    response.writeHead(allowed ? 200 : 405, headers).end(allowed ? address : 'only GET')
  })
  server.requestTimeout = 5_000
  server.maxConnections = 32
  await listen(server, port, host)
  const { port: actual } = server.address() as AddressInfo
  return { url: `http://${host}:${actual}`, close: () => close(server) }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
