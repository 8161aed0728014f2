import type { Channel } from '../src/session/channel.ts'

/**
 * Counts rounds as the longest chain of messages of which each was sent after the one before had been taken (Lamport's clock), so
 * that branches side by side count once. One instance for all parties of a run. Messages of one turn of the event loop arrive in the next:
 * so all parties move in step, and the count does not depend on which of several promises is settled first.
 */
export class Depths {
  readonly #sent = new Map<string, number>()
  rounds = 0

  readonly wrap = (inner: Channel): Channel => {
    let depth = 0
    const name = (from: number, to: number, operation: string, step: number): string =>
      `${from}>${to}/${operation}/${step}`
    return {
      index: inner.index,
      size: inner.size,
      send: (to, operation, step, body) => {
        this.#sent.set(name(inner.index, to, operation, step), depth)
        const copy = body.slice()
        setImmediate(() => void inner.send(to, operation, step, copy))
        return undefined
      },
      receive: async (from, operation, step, bytes, wait) => {
        const body = await inner.receive(from, operation, step, bytes, wait)
        depth = Math.max(depth, this.#sent.get(name(from, inner.index, operation, step))! + 1)
        this.rounds = Math.max(this.rounds, depth)
        return body
      }
    }
  }
}
