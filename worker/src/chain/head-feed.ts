import { setTimeout as sleep } from 'node:timers/promises'
import { asError } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'

/**
 * Says when it is worth looking at the chain again: at every new head that a WebSocket tells of, and every `pollMs` while none has
 * told of one for some seconds. It only pokes; what the chain says is always read anew.
 */
export interface HeadFeed {
  stop(): void
}

export interface HeadFeedOptions {
  readonly chainUrl: string // http(s) or ws(s)
  readonly pollMs: number
  readonly poke: () => void
  readonly log: Logger
}

const RECONNECT_MS = 3_000
/** A WebSocket that told of a head so lately is alive. */
const TRUST_MS = 2_000
const webSocketUrl = (url: string): string => url.replace(/^http/, 'ws')

export function startHeadFeed({ chainUrl, pollMs, poke, log }: HeadFeedOptions): HeadFeed {
  const stopped = new AbortController()
  let socket: WebSocket | null = null
  let heardAt = -Infinity

  /** Resolves when the socket is gone. */
  const follow = (): Promise<void> =>
    new Promise(resolve => {
      try {
        socket = new WebSocket(webSocketUrl(chainUrl))
      } catch (error) {
        log.debug('no WebSocket to the Ethereum node', { error: asError(error).message })
        resolve()
        return
      }
      socket.addEventListener('open', () => {
        socket?.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] }))
      })
      socket.addEventListener('message', () => {
        heardAt = performance.now()
        poke()
      })
      socket.addEventListener('error', () => undefined) // 'close' follows
      socket.addEventListener('close', () => {
        heardAt = -Infinity
        resolve()
      })
    })

  const keepFollowing = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await follow()
      socket = null
      await sleep(RECONNECT_MS, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  }
  void keepFollowing()
  const timer = setInterval(() => {
    if (performance.now() - heardAt > TRUST_MS) poke()
  }, pollMs)
  return {
    stop() {
      stopped.abort()
      clearInterval(timer)
      socket?.close()
    }
  }
}
