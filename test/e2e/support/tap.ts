import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { unmasked } from './websocket-frames.ts'

/** A proxy in front of a server that keeps a copy of everything that passes. */
export interface Tap {
  /** Use this address instead of the server's. */
  readonly url: string
  /** Everything so far, both directions; WebSocket frames once more without their mask. */
  captured(): Buffer
  close(): Promise<void>
}

/**
 * Listens on a free port of this machine and passes every connection on to `targetUrl` (HTTP or WebSocket, not TLS). WebSocket
 * compression is refused on the way, so that the copy can be read.
 */
export async function startTap(targetUrl: string): Promise<Tap> {
  const target = new URL(targetUrl)
  const chunks: Buffer[] = []
  const sentBy: Buffer[][] = [] // by connection
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connect(Number(target.port), target.hostname)
    const sent: Buffer[] = []
    sentBy.push(sent)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', chunk => {
      chunks.push(chunk)
      sent.push(chunk)
      upstream.write(withoutCompression(chunk))
    })
    upstream.on('data', chunk => {
      chunks.push(chunk)
      client.write(chunk)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `${target.protocol}//127.0.0.1:${port}`,
    captured: () => Buffer.concat([...chunks, ...sentBy.map(sent => unmasked(Buffer.concat(sent)))]),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })
  }
}

/** Renames the header in which a client offers WebSocket compression; the length stays the same. */
function withoutCompression(chunk: Buffer): Buffer {
  const text = chunk.toString('latin1')
  if (!/^sec-websocket-extensions:/im.test(text)) return chunk
  return Buffer.from(text.replace(/^sec-websocket-extensions:/im, 'xxx-websocket-extensions:'), 'latin1')
}
