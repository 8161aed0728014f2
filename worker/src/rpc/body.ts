import type { IncomingMessage, ServerResponse } from 'node:http'

export interface BodyLimits {
  readonly maxBytes: number
  /** A lower limit for bodies that begin in a way that needs less: asked once the first `headBytes` are here. */
  readonly byHead?: { readonly headBytes: number; readonly maxBytesOf: (head: string) => number }
}

/** Null if it is too large: nothing above the limit is kept, whatever the header said. */
export function readBody(request: IncomingMessage, { maxBytes, byHead }: BodyLimits): Promise<Uint8Array | null> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBytes) return Promise.resolve(null)
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>()
  const chunks: Buffer[] = []
  let bytes = 0
  let most = maxBytes
  let isHeadKnown = byHead === undefined
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= most) chunks.push(chunk)
    if (!isHeadKnown && bytes >= byHead!.headBytes) {
      isHeadKnown = true
      most = Math.min(most, byHead!.maxBytesOf(Buffer.concat(chunks).toString('latin1', 0, byHead!.headBytes)))
    }
    if (Math.max(bytes, declared) <= most) return
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
