import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Forwards TCP connections, and loses what it is told to lose while both ends keep their connection. */
export class TcpProxy {
  target = 0
  port = 0
  /** Ends all connections whenever so many more bytes went to clients; and how many went in all. */
  cutEveryBytes = Infinity
  toClients = 0
  /** Bytes to clients arrive at this rate from now on, each behind those that came before it. */
  bytesPerSecond = Infinity
  /** Told of bytes that arrived at that rate. */
  onArrival: (bytes: number) => void = () => undefined
  accepted = 0
  cuts = 0
  readonly #lost = new Set<'toServer' | 'toClient'>()
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null

  async start(): Promise<void> {
    const server = createServer(client => this.#forward(client))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.port = (server.address() as AddressInfo).port
    this.#server = server
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const server = this.#server
    this.#server = null
    if (server) await new Promise(resolve => server.close(resolve))
  }

  swallow(direction: 'toServer' | 'toClient'): void {
    this.#lost.add(direction)
  }
  heal(): void {
    this.#lost.clear()
  }

  #forward(client: Socket): void {
    this.accepted += 1
    let arrived: Promise<unknown> = Promise.resolve()
    const server = connect(this.target, '127.0.0.1')
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
    }
    // A lost direction loses its end as well: a path that is cut tells nobody.
    client.on('data', data => void (this.#lost.has('toServer') || server.write(data)))
    server.on('data', data => {
      if (this.#lost.has('toClient')) return
      if (this.bytesPerSecond === Infinity) client.write(data)
      else arrived = slices(data).reduce((before, slice) => before.then(() => this.#late(client, slice)), arrived)
      this.toClients += data.length
      if (this.toClients < this.cutEveryBytes * (this.cuts + 1)) return
      this.cuts += 1
      for (const socket of this.#sockets) socket.destroy()
    })
    client.on('close', () => void (this.#lost.has('toServer') || server.destroy()))
    server.on('close', () => void (this.#lost.has('toClient') || client.destroy()))
  }

  async #late(client: Socket, slice: Buffer): Promise<void> {
    await sleep((1_000 * slice.length) / this.bytesPerSecond)
    if (client.destroyed) return
    client.write(slice)
    this.onArrival(slice.length)
  }
}

const SLICE_BYTES = 4_096
const slices = (data: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(data.length / SLICE_BYTES) }, (_, i) =>
    data.subarray(i * SLICE_BYTES, (i + 1) * SLICE_BYTES)
  )

/** A port nobody listens on now, for a server that has to tell of itself before it listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
