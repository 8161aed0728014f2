import type { Server, Socket } from 'node:net'
import { webSockets } from '@libp2p/websockets'
import type { Listener } from '@libp2p/interface'
import { WebSocketServer } from 'ws'

/** What of the library's WebSocket listener this file knows. */
interface WebSocketListener extends Listener {
  readonly server: Server // of TCP
  wsServer: WebSocketServer
}

/** And of its dialling side. */
interface WebSocketDialer {
  _connect(...given: readonly unknown[]): Promise<Closable>
}

interface Closable {
  close(code?: number, reason?: string): void
}

export interface WebSocketBounds {
  /** Sockets in all, WebSockets or not yet. */
  readonly maxConnections: number
  /** From the first byte of TCP to a WebSocket, and for the closing of one. */
  readonly openingMs: number
}

/** libp2p sends a message for each piece of noise, of at most 64 KiB; before anybody is known a listener holds one for each socket. */
const MAX_MESSAGE_BYTES = 256 * 1024
/** A piece that a proxy cut up is still taken. */
const MAX_FRAGMENTS = 1_024

/**
 * libp2p over WebSocket whose listener bounds what strangers cost. Before anybody is known the library's own takes messages of 100 MiB, holds a socket
 * that says nothing for ever, also when it is closed, answers pings to whoever does not read them, and lets a frame that is none end the process.
 */
export const boundedWebSockets =
  (bounds: WebSocketBounds): ReturnType<typeof webSockets> =>
  components => {
    const transport = webSockets()(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = options => bound(createListener(options) as WebSocketListener, bounds)
    const dialer = transport as unknown as WebSocketDialer
    const connect = dialer._connect.bind(dialer)
    dialer._connect = async (...given) => {
      const client = await connect(...given)
      const close = client.close.bind(client)
      return givesUp(client, () => close())
    }
    return transport
  }

/** The library gives a connection up by closing it with a code that no WebSocket takes from its own side, and so the socket stayed for ever. */
function givesUp<Client extends Closable>(client: Client, giveUp: () => void): Client {
  const close = client.close.bind(client)
  client.close = (code, reason) => (code === ABNORMAL ? giveUp() : close(code, reason))
  return client
}

const ABNORMAL = 1006

function bound(listener: WebSocketListener, { maxConnections, openingMs }: WebSocketBounds): Listener {
  const opening = new Map<Socket, NodeJS.Timeout>()
  const opened = (socket: Socket): void => {
    clearTimeout(opening.get(socket))
    opening.delete(socket)
  }
  listener.server.maxConnections = maxConnections
  listener.server.on('connection', socket => {
    opening.set(
      socket,
      setTimeout(() => socket.destroy(), openingMs)
    )
    socket.once('close', () => opened(socket))
  })
  const options = {
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    autoPong: false, // the heartbeat asks on a stream
    closeTimeout: openingMs
  }
  const server = new WebSocketServer(options)
  const upgrade = server.handleUpgrade.bind(server)
  server.handleUpgrade = (request, socket, head, done) =>
    upgrade(request, socket, head, (client, asked) => {
      opened(request.socket)
      client.on('error', () => client.terminate()) // nobody else listens for it
      givesUp(client, () => client.terminate())
      done(client, asked)
    })
  listener.wsServer = server
  const close = listener.close.bind(listener)
  listener.close = () => {
    for (const socket of opening.keys()) socket.destroy()
    return close()
  }
  return listener
}
