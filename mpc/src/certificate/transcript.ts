import { hash } from 'node:crypto'
import { ZERO_HASH, type Hash } from '@enigma/protocol'
import type { Channel } from '../session/channel.ts'

/** Digests of what a node sent to each node and took from each, so far. Zeros at its own place. */
export interface TranscriptRoots {
  readonly sent: readonly Hash[]
  readonly received: readonly Hash[]
}

export interface TranscriptChannel extends Channel {
  roots(): TranscriptRoots
}

/** Messages of one direction between two nodes, by name: both ends list the same whatever order they came in. */
class Line {
  readonly #entries: string[] = []

  add(operation: string, step: number, body: Uint8Array): void {
    this.#entries.push(`${operation}/${step}/${body.length}/${hash('sha256', body, 'hex')}`)
  }

  root(): Hash {
    return `0x${hash('sha256', `enigma/mpc/transcript/1/${this.#entries.sort().join('\n')}`, 'hex')}` as Hash
  }
}

/**
 * Keeps a digest of every message that passes. Costs one SHA-256 of each body and about 200 bytes of memory a message; a party
 * without a certificate does without.
 */
export function recordTranscript(inner: Channel): TranscriptChannel {
  const lines = (): Line[] => Array.from({ length: inner.size }, () => new Line())
  const [sent, received] = [lines(), lines()]
  const roots = (of: readonly Line[]): Hash[] => of.map((line, i) => (i === inner.index ? ZERO_HASH : line.root()))
  return {
    index: inner.index,
    size: inner.size,
    roots: () => ({ sent: roots(sent), received: roots(received) }),
    send(to, operation, step, body, wait) {
      sent[to]!.add(operation, step, body)
      return inner.send(to, operation, step, body, wait)
    },
    async receive(from, operation, step, bytes, wait) {
      const body = await inner.receive(from, operation, step, bytes, wait)
      received[from]!.add(operation, step, body)
      return body
    }
  }
}
