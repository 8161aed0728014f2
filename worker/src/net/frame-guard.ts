/** Bytes of a varint length: 4 hold 256 MiB. The library reads lengths byte by byte, and a long one costs it the square of its size. */
const MAX_LENGTH_BYTES = 4

/** Follows a stream of messages behind varint lengths, looking at nothing but the lengths. */
export class FrameGuard {
  readonly #maxMessageBytes: number
  #left = 0 // of the message under way
  #length = 0
  #lengthBytes = 0

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  /** False once a length is too long, too large, or 0: there are no empty messages. */
  allows(data: Uint8Array | Iterable<Uint8Array>): boolean {
    for (const chunk of data instanceof Uint8Array ? [data] : data) {
      for (let at = 0; at < chunk.length;) {
        if (this.#left > 0) {
          const skipped = Math.min(this.#left, chunk.length - at)
          this.#left -= skipped
          at += skipped
          continue
        }
        const byte = chunk[at++]!
        this.#length += (byte & 0x7f) * 2 ** (7 * this.#lengthBytes)
        this.#lengthBytes += 1
        if (byte & 0x80) {
          if (this.#lengthBytes >= MAX_LENGTH_BYTES) return false
          continue
        }
        if (this.#length === 0 || this.#length > this.#maxMessageBytes) return false
        this.#left = this.#length
        this.#length = 0
        this.#lengthBytes = 0
      }
    }
    return true
  }
}
