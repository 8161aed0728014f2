import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'

/**
 * Records on the wire (docs/spec/mpc.md): u32 length of the rest |
 * AES-256-GCM( session 8 | operation 16 | u32 step | u32 bytes that follow in later records | body ) | tag 16.
 * The nonce is the record's number in its direction; the length is authenticated too. All integers big endian.
 */
export const LENGTH_BYTES = 4
export const HEADER_BYTES = 32
export const TAG_BYTES = 16
/** A body is cut into records of at most this size, so that one message never holds up the link for long. */
export const RECORD_BODY_BYTES = 512 * 1024
/** Up to this size a record is copied together and written at once: cheaper than writing its parts. */
const SMALL_BODY_BYTES = 16_384

export interface RecordHead {
  readonly session: string
  readonly operation: string
  readonly step: number
  /** Bytes of the message in later records. */
  readonly left: number
}

/** Numbers of records as nonces of 12 bytes. */
class Nonces {
  readonly #bytes = Buffer.alloc(12)
  #count = 0

  next(): Buffer {
    // 2^53 records of one connection are out of reach
    this.#bytes.writeUIntBE(this.#count++, 6, 6)
    return this.#bytes
  }
}

/** Encrypts the records of one direction. */
export class Sealer {
  readonly #key: KeyObject
  readonly #nonces = new Nonces()

  constructor(key: KeyObject) {
    this.#key = key
  }

  /** What is to be written, in order. */
  seal({ session, operation, step, left }: RecordHead, body: Uint8Array): Uint8Array[] {
    const small = body.length <= SMALL_BODY_BYTES
    const plain = Buffer.allocUnsafe(LENGTH_BYTES + HEADER_BYTES + (small ? body.length : 0))
    plain.writeUInt32BE(HEADER_BYTES + body.length + TAG_BYTES)
    plain.write(session, 4, 8, 'hex')
    plain.write(operation, 12, 16, 'hex')
    plain.writeUInt32BE(step, 28)
    plain.writeUInt32BE(left, 32)
    if (small) plain.set(body, LENGTH_BYTES + HEADER_BYTES)
    const length = plain.subarray(0, LENGTH_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#nonces.next())
    cipher.setAAD(length)
    const start = cipher.update(plain.subarray(LENGTH_BYTES))
    if (!small) return [length, start, cipher.update(body), cipher.final(), cipher.getAuthTag()]
    cipher.final()
    return [Buffer.concat([length, start, cipher.getAuthTag()])]
  }
}

/** Decrypts the records of one direction. */
export class Opener {
  readonly #key: KeyObject
  readonly #nonces = new Nonces()
  readonly #length = Buffer.alloc(LENGTH_BYTES)

  constructor(key: KeyObject) {
    this.#key = key
  }

  /** @throws if the record is not the next one of the peer. */
  open(record: Uint8Array): { head: RecordHead; body: Uint8Array } {
    this.#length.writeUInt32BE(record.length)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, this.#nonces.next())
    decipher.setAAD(this.#length)
    decipher.setAuthTag(record.subarray(record.length - TAG_BYTES))
    const plain = decipher.update(record.subarray(0, record.length - TAG_BYTES))
    decipher.final()
    const head = {
      session: plain.toString('hex', 0, 8),
      operation: plain.toString('hex', 8, 24),
      step: plain.readUInt32BE(24),
      left: plain.readUInt32BE(28)
    }
    return { head, body: plain.subarray(HEADER_BYTES) }
  }
}
