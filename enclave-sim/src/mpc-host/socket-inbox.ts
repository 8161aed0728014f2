import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WaitOptions } from '@enigma/mpc'
import { enclaveError } from '../errors.ts'

/** Sockets that no session has asked for yet; more than these are closed again. */
const MAX_WAITING = 64

/**
 * Where the host's connected sockets arrive, over Node's IPC channel, each with the message {mpcLink: session, peer}. Who is at the
 * other end shows when records authenticate, so neither the message nor the order is believed.
 */
export interface SocketInbox {
  deliver(message: unknown, handle: unknown): void
  /** The link of a session to a peer. @throws ENCLAVE_MPC_REFUSED if the host brings none in time, or the signal ends the session. */
  take(session: string, peer: number, wait: WaitOptions): Promise<Duplex>
  /** Closes what waits for a session that is over, and ends the waits for its sockets. */
  drop(session: string): void
  /** Sockets nobody asked for, and waits for sockets that have not come. */
  readonly pending: { readonly waiting: number; readonly wanted: number }
}

export function createSocketInbox(): SocketInbox {
  const waiting = new Map<string, Duplex>()
  const wanted = new Map<string, { readonly found: (socket: Duplex) => void; readonly dropped: () => void }>()
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
      if (asked) asked.found(handle)
      else waiting.set(name, handle)
    },
    async take(session, peer, { timeoutMs, signal }) {
      const name = `${session}/${peer}`
      const over = (): Error => enclaveError('ENCLAVE_MPC_REFUSED', 'The session was closed before its links were up.')
      if (signal?.aborted) throw over()
      const socket = waiting.get(name)
      if (socket) {
        waiting.delete(name)
        return socket
      }
      return new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', onAbort)
          wanted.delete(name)
        }
        const refuse = (reason: Error): void => {
          end()
          reject(reason)
        }
        const onAbort = (): void => refuse(over())
        const timer = setTimeout(
          () =>
            refuse(
              enclaveError('ENCLAVE_MPC_REFUSED', `The host brought no socket to node ${peer} in ${timeoutMs} ms.`)
            ),
          timeoutMs
        )
        signal?.addEventListener('abort', onAbort)
        wanted.set(name, {
          found: socket => {
            end()
            resolve(socket)
          },
          dropped: onAbort
        })
      })
    },
    drop(session) {
      for (const [name, socket] of waiting) {
        if (!name.startsWith(`${session}/`)) continue
        socket.destroy()
        waiting.delete(name)
      }
      for (const [name, { dropped }] of wanted) if (name.startsWith(`${session}/`)) dropped()
    },
    get pending() {
      return { waiting: waiting.size, wanted: wanted.size }
    }
  }
}
