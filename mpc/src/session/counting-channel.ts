import type { Channel } from './channel.ts'

export interface Traffic {
  messages: number
  /** Bytes of message bodies sent. */
  bytes: number
  /**
   * Waits that followed a send: the length of the longest chain of messages, in protocols where all move in step. Vectors of
   * more than one chunk may count more, because sending and receiving overlap.
   */
  rounds: number
}

/** Counts what a party sends, and in how many rounds. */
export function countTraffic(inner: Channel): Channel & { readonly traffic: Traffic } {
  const traffic: Traffic = { messages: 0, bytes: 0, rounds: 0 }
  let sent = false
  return {
    index: inner.index,
    size: inner.size,
    traffic,
    send(to, operation, step, body, wait) {
      traffic.messages++
      traffic.bytes += body.length
      sent = true
      return inner.send(to, operation, step, body, wait)
    },
    receive(from, operation, step, bytes, wait) {
      if (sent) traffic.rounds++
      sent = false
      return inner.receive(from, operation, step, bytes, wait)
    }
  }
}
