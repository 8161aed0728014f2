import { HEADER_BYTES, LENGTH_BYTES, RECORD_BODY_BYTES, TAG_BYTES } from './record.ts'

export const SALT_BYTES = 16
const MAX_RECORD_BYTES = HEADER_BYTES + RECORD_BODY_BYTES + TAG_BYTES

/** What comes out of a stream: the peer's salt first, then its records without their lengths. */
export interface Received {
  salt(bytes: Uint8Array): void
  /** The bytes are only good until this returns. */
  record(bytes: Uint8Array): void
  /** A length that no record can have. Nothing more may be read. */
  impossible(): void
}

/** Cuts what a stream brings, in pieces of any size, into a salt and records. */
export class RecordReader {
  readonly #received: Received
  readonly #head = Buffer.alloc(SALT_BYTES)
  #headFilled = 0
  #salted = false
  #record: Buffer | null = null
  #filled = 0
  #stopped = false

  constructor(received: Received) {
    this.#received = received
  }

  /** Lets go of what is half read, and takes no more. */
  stop(): void {
    this.#stopped = true
    this.#record = null
  }

  read(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#stopped) {
      if (this.#record) {
        const part = chunk.subarray(at, at + this.#record.length - this.#filled)
        this.#record.set(part, this.#filled)
        this.#filled += part.length
        at += part.length
        if (this.#filled < this.#record.length) continue
        const record = this.#record
        this.#record = null
        this.#received.record(record)
        continue
      }
      const wanted = this.#salted ? LENGTH_BYTES : SALT_BYTES
      const part = chunk.subarray(at, at + wanted - this.#headFilled)
      this.#head.set(part, this.#headFilled)
      this.#headFilled += part.length
      at += part.length
      if (this.#headFilled < wanted) continue
      this.#headFilled = 0
      if (this.#salted) at += this.#start(this.#head.readUInt32BE(0), chunk, at)
      else {
        this.#salted = true
        this.#received.salt(this.#head.subarray(0, SALT_BYTES))
      }
    }
  }

  /** A record of this length begins at `at`: says how many bytes it took, as most lie within one chunk. */
  #start(length: number, chunk: Buffer, at: number): number {
    if (length < HEADER_BYTES + TAG_BYTES || length > MAX_RECORD_BYTES) {
      this.#received.impossible()
      return 0
    }
    if (chunk.length - at >= length) {
      this.#received.record(chunk.subarray(at, at + length))
      return length
    }
    this.#record = Buffer.allocUnsafeSlow(length)
    this.#filled = 0
    return 0
  }
}
