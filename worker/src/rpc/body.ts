import type { IncomingMessage, ServerResponse } from 'node:http'

/** Null if it is too large: nothing above the limit is kept, whatever the header said. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(null)
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>()
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) return void chunks.push(chunk)
    chunks.length = 0
    resolve(null)
  })
  request.on('end', () => resolve(Buffer.concat(chunks)))
  request.on('error', reject)
  request.on('close', () => reject(new Error('The client went away.')))
  return promise
}

export function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(text)
}
