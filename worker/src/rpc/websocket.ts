import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { asError, printable, type TaskEvent } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { hostOf } from './caller-host.ts'
import { HEAD_BYTES, roomOf } from './body-room.ts'
import { LAST_WORD_MS, accessFault, type HttpInit } from './http.ts'
import type { RpcLimits } from './limits.ts'
import { TaskSubscriptions, type SubscriptionParts } from './subscriptions.ts'

export interface WebSocketInit extends Pick<HttpInit, 'dispatch' | 'origins' | 'hostNames'> {
  readonly limits: RpcLimits
  readonly log: Logger
  /** Asked for each client; null for a node without tasks to follow. */
  readonly follow: () => Omit<SubscriptionParts, 'log'> | null
}

export interface WebSocketEnd {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Tells every client to go, and makes it so after `graceMs`. */
  close(graceMs: number): Promise<void>
}

const GOING_AWAY = 1001
const TRY_LATER = 1013
const WRONG_DATA = 1003
const TOO_LARGE = 1009

/** JSON-RPC over WebSockets: the same calls as by POST, and subscriptions. */
export function webSockets({ dispatch, origins, hostNames, limits, log, follow }: WebSocketInit): WebSocketEnd {
  const maxPayload = Math.max(limits.maxBodyBytes, limits.maxDeploymentBytes)
  const server = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false })

  server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const host = hostOf(request.socket.remoteAddress)
    const send = (text: string): void => {
      if (socket.readyState !== socket.OPEN) return
      if (socket.bufferedAmount > limits.maxUnsentBytes) return socket.terminate()
      socket.send(text)
    }
    const notify = (subscription: string, event: TaskEvent): void =>
      send(JSON.stringify({ jsonrpc: '2.0', method: 'taskEvent', params: { subscription, event } }))
    const followed = follow()
    const subscriptions = followed && new TaskSubscriptions({ ...followed, log }, notify, limits.maxSubscriptions)
    let pending = 0
    let alive = true
    const ping = setInterval(() => {
      if (!alive) return socket.terminate()
      alive = false
      socket.ping()
    }, limits.pingMs)
    socket.on('pong', () => (alive = true))
    socket.on('error', (err: Error) => log.debug('A WebSocket failed', { error: printable(err.message) }))
    socket.on('close', () => {
      clearInterval(ping)
      subscriptions?.end()
    })
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) return socket.close(WRONG_DATA, 'JSON-RPC is text')
      const text = textOf(data)
      if (text.length > roomOf(text.slice(0, HEAD_BYTES), limits)) return socket.close(TOO_LARGE, 'too large')
      if (pending >= limits.maxPending) return socket.close(TRY_LATER, 'too many calls at once')
      pending += 1
      const answered = Promise.withResolvers<void>()
      dispatch(text, { host, subscriptions, answered: answered.promise })
        .then(({ text }) => {
          if (text !== null) send(text)
        })
        .catch((err: unknown) =>
          log.error('A WebSocket call failed inside', { error: printable(asError(err).message) })
        )
        .finally(() => {
          pending -= 1
          answered.resolve()
        })
    })
  })

  return {
    upgrade(request, socket, head) {
      const fault = accessFault(request.headers, { hostNames, origins })
      if (fault !== null) return turnAway(socket)
      server.handleUpgrade(request, socket, head, client => server.emit('connection', client, request))
    },
    async close(graceMs) {
      const gone = Promise.all(
        [...server.clients].map(client => {
          client.close(GOING_AWAY, 'the worker stops')
          const timer = setTimeout(() => client.terminate(), graceMs)
          return new Promise<void>(resolve => client.once('close', () => (clearTimeout(timer), resolve())))
        })
      )
      server.close()
      await gone
    }
  }
}

/** Nobody else listens to the socket any more: one that breaks would end the process, and one that stays would stay for ever. */
function turnAway(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
  setTimeout(() => socket.destroy(), LAST_WORD_MS).unref()
}

const textOf = (data: RawData): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8')
