import { createCipheriv, createSecretKey, hash, type Cipheriv, type KeyObject } from 'node:crypto'
import type { Stream } from '../field/sampling.ts'

export type { Stream } from '../field/sampling.ts'

const BLOCK = 16
/** Up to this size blocks are made with a cipher that is at hand, because making one costs more than they do. */
const SMALL = 1024
const COUNTERS = Buffer.alloc(SMALL)
const ZEROS = new Uint8Array(128 * 1024)

/**
 * The mask streams of one key in one session: AES-128-CTR under SHA-256(session, key), from the block SHA-256(name) on. Streams of
 * different names overlap with a chance of about (blocks used) x (streams) / 2^128.
 */
export class StreamSource {
  readonly #key: KeyObject
  readonly #blocks: Cipheriv

  constructor(key: Uint8Array, session: string) {
    const label = Buffer.from(`enigma/mpc/streams/2/${session}/`)
    const derived = hash('sha256', Buffer.concat([label, key]), 'buffer').subarray(0, BLOCK)
    this.#key = createSecretKey(derived)
    this.#blocks = createCipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false)
  }

  /** The stream of this name, which must be asked for once only. */
  stream(name: string): Stream {
    const start = hash('sha256', name, 'buffer').subarray(0, BLOCK)
    const low = start.readUInt32BE(BLOCK - 4)
    let used = 0
    let long: Cipheriv | null = null
    return bytes => {
      const skip = used % BLOCK
      const first = low + (used - skip) / BLOCK
      const count = Math.ceil((skip + bytes) / BLOCK)
      if (!long && BLOCK * count <= SMALL && first + count < 2 ** 32) {
        for (let at = 0; at < count; at++) {
          COUNTERS.set(start, BLOCK * at)
          COUNTERS.writeUInt32BE(first + at, BLOCK * at + BLOCK - 4)
        }
        used += bytes
        return this.#blocks.update(COUNTERS.subarray(0, BLOCK * count)).subarray(skip, skip + bytes)
      }
      if (!long) {
        long = createCipheriv('aes-128-ctr', this.#key, start)
        long.update(zeros(used))
      }
      return long.update(zeros(bytes))
    }
  }
}

const zeros = (bytes: number): Uint8Array => (ZEROS.length >= bytes ? ZEROS.subarray(0, bytes) : new Uint8Array(bytes))

/** A stream of its own for a key that is used once, such as a challenge. */
export const streamOf = (key: Uint8Array, session: string, name: string): Stream =>
  new StreamSource(key, session).stream(name)
