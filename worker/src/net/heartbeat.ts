import type { Connection } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { asError } from '@enigma/protocol'

const PING_PROTOCOL = '/ipfs/ping/1.0.0'
const PING_BYTES = 32

/** When bytes last came over each connection, by what libp2p's raw and finished connections share. */
export class LastHeard {
  readonly #at = new WeakMap<object, number>()

  note({ timeline }: Pick<Connection, 'timeline'>): void {
    this.#at.set(timeline, performance.now())
  }

  /** By `performance.now()`; -Infinity before the first bytes. */
  of({ timeline }: Pick<Connection, 'timeline'>): number {
    return this.#at.get(timeline) ?? -Infinity
  }
}

export interface HeartbeatInit {
  readonly connections: () => readonly Connection[]
  readonly heard: LastHeard
  readonly everyMs: number
  /** For one answer. */
  readonly timeoutMs: number
}

/** Answers that may be late, one after the other, while other bytes come: a peer that never answers is none. */
const MOST_LATE = 12

/** Pings that one peer may have open at once: as many as are asked within the time of one answer, and some. */
export const PING_STREAMS = 6

/**
 * Pings every connection, and ends those over which nothing comes any more: of two ends of a path that carries bytes one way only, one
 * hears nothing. An answer that is late is no reason while other bytes come: on a slow link it waits behind them, eight seconds behind a
 * full window at 256 kbit/s, and the transfer that fills the link would be cut again and again. The end that sends it hears the other's
 * pings, which are asked whether earlier ones are answered or not: several in the time of one answer.
 */
export function startHeartbeat({ connections, heard, everyMs, timeoutMs }: HeartbeatInit): () => void {
  const stopped = new AbortController()
  const late = new WeakMap<Connection, number>()

  async function ping(connection: Connection): Promise<void> {
    const asked = performance.now()
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), stopped.signal])
    try {
      await exchange(connection, signal)
      late.delete(connection)
    } catch (error) {
      if (stopped.signal.aborted || (error as Error).name === 'UnsupportedProtocolError') return // which is an answer
      await nextTurn() // after a time in which this process itself stood still, what has come meanwhile is read first
      const missed = (late.get(connection) ?? 0) + 1
      late.set(connection, missed)
      if (heard.of(connection) < asked || missed > MOST_LATE) connection.abort(asError(error))
    }
  }

  const timer = setInterval(() => {
    for (const connection of connections()) if (connection.status === 'open') void ping(connection)
  }, everyMs)
  return () => {
    clearInterval(timer)
    stopped.abort()
  }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function exchange(connection: Connection, signal: AbortSignal): Promise<void> {
  const stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true })
  try {
    const bytes = byteStream(stream)
    await bytes.write(crypto.getRandomValues(new Uint8Array(PING_BYTES)), { signal })
    await bytes.read({ bytes: PING_BYTES, signal })
    await stream.close({ signal })
  } catch (error) {
    stream.abort(asError(error))
    throw error
  }
}
