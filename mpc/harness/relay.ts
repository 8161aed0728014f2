import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Told of every chunk that passes. */
export type Tap = (chunk: Uint8Array) => void

export interface Relay {
  readonly port: number
  close(): void
}

/** Stands between whoever connects to it and a port of this machine, as a curious host would. */
export async function startRelay(target: number, tap: Tap): Promise<Relay> {
  const sockets = new Set<Socket>()
  const pipe = (from: Socket, to: Socket): void => {
    sockets.add(from)
    from.on('data', chunk => {
      tap(chunk)
      to.write(chunk)
    })
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
  const server = createServer({ noDelay: true }, inward => {
    const outward = connect({ port: target, host: '127.0.0.1', noDelay: true })
    pipe(inward, outward)
    pipe(outward, inward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
}
