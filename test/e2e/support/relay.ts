import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** One address for servers that come and go: what connects to it is joined to the server at `target`. */
export interface Relay {
  readonly url: string
  target: string
  close(): void
}

export async function openRelay(target: string): Promise<Relay> {
  const sockets = new Set<Socket>()
  const server = createServer(near => {
    const { hostname, port } = new URL(relay.target)
    const far = connect(Number(port), hostname)
    for (const [one, other] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  const relay = {
    url: '',
    target,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  relay.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return relay
}
