import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { enclaveError } from '../errors.ts'

/** Sockets that no session has asked for yet; more than these are closed again. */
const MAX_WAITING = 64

/**
 * Where the host's connected sockets arrive, over Node's IPC channel, each with the message {mpcLink: session, peer}. Who is at the
 * other end shows when records authenticate, so neither the message nor the order is believed.
 */
export interface SocketInbox {
  deliver(message: unknown, handle: unknown): void
  /** The link of a session to a peer. @throws ENCLAVE_MPC_REFUSED if the host brings none in time. */
  take(session: string, peer: number, timeoutMs: number): Promise<Duplex>
  /** Closes what waits for a session that is over. */
  drop(session: string): void
}

export function createSocketInbox(): SocketInbox {
  const waiting = new Map<string, Duplex>()
  const wanted = new Map<string, (socket: Duplex) => void>()
  const nameOf = (message: unknown): string | null => {
    if (typeof message !== 'object' || message === null) return null
    const { mpcLink, peer } = message as { mpcLink?: unknown; peer?: unknown }
    if (typeof mpcLink !== 'string' || !/^0x[0-9a-f]{64}$/.test(mpcLink) || !Number.isInteger(peer)) return null
    return `${mpcLink}/${peer as number}`
  }
  return {
    deliver(message, handle) {
      const name = nameOf(message)
      if (!(handle instanceof Socket)) return
      handle.on('error', () => undefined)
      handle.setNoDelay(true)
      if (name === null || waiting.has(name) || waiting.size >= MAX_WAITING) {
        handle.destroy()
        return
      }
      const asked = wanted.get(name)
      if (asked) asked(handle)
      else waiting.set(name, handle)
    },
    async take(session, peer, timeoutMs) {
      const name = `${session}/${peer}`
      const socket = waiting.get(name)
      if (socket) {
        waiting.delete(name)
        return socket
      }
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          wanted.delete(name)
          reject(enclaveError('ENCLAVE_MPC_REFUSED', `The host brought no socket to node ${peer} in ${timeoutMs} ms.`))
        }, timeoutMs)
        wanted.set(name, found => {
          clearTimeout(timer)
          wanted.delete(name)
          resolve(found)
        })
      })
    },
    drop(session) {
      for (const [name, socket] of waiting) {
        if (!name.startsWith(session)) continue
        socket.destroy()
        waiting.delete(name)
      }
    }
  }
}
