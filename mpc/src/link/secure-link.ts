import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MpcError } from '../errors.ts'
import { Mailbox } from '../session/mailbox.ts'

/**
 * Wire format (docs/spec/mpc.md): first 16 random bytes each way; then records of
 * u32 length of the rest | AES-256-GCM( session 8 | operation 16 | u32 step | u32 bytes that follow in later records | body ) | tag 16.
 * The nonce is the record's number in its direction; the length is authenticated too. All integers big endian.
 */
const SALT_BYTES = 16
const HEADER_BYTES = 32
const TAG_BYTES = 16
/** A body is cut into records of at most this size, so that one message never holds up the link for long. */
const RECORD_BODY_BYTES = 512 * 1024
/** Up to this size a record is copied together and written at once: cheaper than writing its parts. */
const SMALL_BODY_BYTES = 4096
const MAX_RECORD_BYTES = HEADER_BYTES + RECORD_BODY_BYTES + TAG_BYTES
/** Sessions that were closed a while ago; their stragglers are dropped. */
const REMEMBERED_SESSIONS = 4096
/** Sessions that the peer has begun and this side has not, and what each may send until then. */
const MAX_UNOPENED_SESSIONS = 64
const UNOPENED_BYTES = 16 * 1024 * 1024

export interface SecureLinkOptions {
  /** Number of this party and of the other one: they fix the direction of the keys. */
  readonly self: number
  readonly peer: number
  /** 32 bytes that only these two hold, from their attested handshake. */
  readonly secret: Uint8Array
  /** The largest message, all records together. */
  readonly maxMessageBytes?: number
  /** Sending waits this long for the peer to read on. */
  readonly drainTimeoutMs?: number
  /** What may be kept of messages that nobody waits for yet, per session. */
  readonly maxEarlyBytes?: number
}

/**
 * One encrypted, authenticated stream to another party, shared by any number of sessions.
 *
 * The host connects the socket and hands it over together with the secret; keys are fresh for each connection, because both
 * sides add a random salt. A record that fails authentication, comes out of order or is too long ends the link and every
 * wait on it with MPC_LINK.
 */
export class SecureLink {
  readonly #stream: Duplex
  readonly #options: Required<SecureLinkOptions>
  readonly #boxes = new Map<string, Mailbox>()
  readonly #opened = new Set<string>()
  readonly #closed = new Set<string>()
  readonly #partial = new Map<string, { body: Uint8Array; filled: number }>()
  readonly #salt = randomBytes(SALT_BYTES)
  readonly #ready: Promise<void>
  #becomeReady: () => void = () => undefined
  #failReady: (reason: MpcError) => void = () => undefined
  #keys: { readonly send: KeyObject; readonly receive: KeyObject } | null = null
  #partialBytes = 0
  #sent = 0n
  #received = 0n
  #record: Buffer | null = null
  #filled = 0
  #head = Buffer.alloc(SALT_BYTES)
  #headFilled = 0
  #failure: MpcError | null = null

  constructor(stream: Duplex, options: SecureLinkOptions) {
    if (options.secret.length !== 32) {
      throw new MpcError({ code: 'MPC_LINK', peer: options.peer, what: 'secret' }, 'A link needs a secret of 32 bytes.')
    }
    this.#stream = stream
    this.#options = {
      maxMessageBytes: 256 * 1024 * 1024,
      drainTimeoutMs: 30_000,
      maxEarlyBytes: 512 * 1024 * 1024,
      ...options
    }
    this.#ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve
      this.#failReady = reject
    })
    this.#ready.catch(() => undefined)
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('error', cause => this.#fail('connection', 'The connection failed.', cause))
    stream.on('close', () => this.#fail('closed', 'The connection is closed.'))
    stream.on('end', () => this.#fail('closed', 'The connection is closed.'))
    stream.write(this.#salt)
  }

  /** Resolves when both salts are exchanged. */
  get ready(): Promise<void> {
    return this.#ready
  }

  /** Says that this side takes part in a session: from now on its full allowance of early messages holds. */
  openSession(session: string): void {
    this.#opened.add(session)
    this.mailbox(session).maxEarlyBytes = this.#options.maxEarlyBytes
  }

  mailbox(session: string): Mailbox {
    let box = this.#boxes.get(session)
    if (!box) {
      box = new Mailbox(this.#options.peer, UNOPENED_BYTES)
      if (this.#failure) box.fail(this.#failure)
      this.#boxes.set(session, box)
    }
    return box
  }

  closeSession(session: string): void {
    this.#boxes.get(session)?.fail(new MpcError({ code: 'MPC_ABORTED', operation: session }, 'The session is closed.'))
    this.#boxes.delete(session)
    this.#opened.delete(session)
    for (const [name, { body }] of this.#partial) {
      if (!name.startsWith(session)) continue
      this.#partialBytes -= body.length
      this.#partial.delete(name)
    }
    this.#closed.add(session)
    if (this.#closed.size > REMEMBERED_SESSIONS) this.#closed.delete(this.#closed.values().next().value!)
  }

  /** Encrypts and writes; the promise, if any, resolves when the peer has read enough for more. Await `ready` once before. */
  send(session: string, operation: string, step: number, body: Uint8Array): Promise<void> | undefined {
    if (this.#failure) throw this.#failure
    if (body.length > this.#options.maxMessageBytes) throw this.#error('message', 'A message exceeds the size limit.')
    let flowing: boolean
    let at = 0
    do {
      const part = body.subarray(at, at + RECORD_BODY_BYTES)
      at += part.length
      flowing = this.#writeRecord(session, operation, step, body.length - at, part)
    } while (at < body.length)
    return flowing ? undefined : this.#drained(operation)
  }

  close(): void {
    this.#fail('closed', 'The link was closed.')
  }

  #writeRecord(session: string, operation: string, step: number, left: number, body: Uint8Array): boolean {
    if (!this.#keys) throw this.#error('not-ready', 'The link is not ready yet.')
    const small = body.length <= SMALL_BODY_BYTES
    const header = Buffer.allocUnsafe(HEADER_BYTES + (small ? body.length : 0))
    header.write(session, 0, 8, 'hex')
    header.write(operation, 8, 16, 'hex')
    header.writeUInt32BE(step, 24)
    header.writeUInt32BE(left, 28)
    if (small) header.set(body, HEADER_BYTES)
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(HEADER_BYTES + body.length + TAG_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#keys.send, nonce(this.#sent++))
    cipher.setAAD(length)
    const start = cipher.update(header)
    if (small) {
      cipher.final()
      return this.#stream.write(Buffer.concat([length, start, cipher.getAuthTag()]))
    }
    const parts = [length, start, cipher.update(body), cipher.final(), cipher.getAuthTag()]
    this.#stream.cork()
    let flowing = true
    for (const part of parts) if (part.length > 0) flowing = this.#stream.write(part)
    this.#stream.uncork()
    return flowing
  }

  #drained(operation: string): Promise<void> {
    const { peer, drainTimeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#stream.off('drain', onDrain)
        this.#stream.off('close', onClose)
      }
      const onDrain = (): void => {
        end()
        resolve()
      }
      const onClose = (): void => {
        end()
        reject(this.#failure ?? this.#error('closed', 'The connection is closed.'))
      }
      const timer = setTimeout(() => {
        end()
        reject(
          new MpcError(
            { code: 'MPC_TIMEOUT', from: peer, operation, limitMs: drainTimeoutMs },
            `Party ${peer} read nothing for ${drainTimeoutMs} ms.`
          )
        )
      }, drainTimeoutMs)
      this.#stream.on('drain', onDrain)
      this.#stream.on('close', onClose)
    })
  }

  #onData(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#failure) {
      if (this.#record) {
        const part = chunk.subarray(at, at + this.#record.length - this.#filled)
        this.#record.set(part, this.#filled)
        this.#filled += part.length
        at += part.length
        if (this.#filled === this.#record.length) {
          const record = this.#record
          this.#record = null
          this.#onRecord(record)
        }
      } else {
        const wanted = this.#keys ? 4 : SALT_BYTES
        const part = chunk.subarray(at, at + wanted - this.#headFilled)
        this.#head.set(part, this.#headFilled)
        this.#headFilled += part.length
        at += part.length
        if (this.#headFilled === wanted) {
          this.#headFilled = 0
          if (this.#keys) this.#startRecord(this.#head.readUInt32BE(0))
          else this.#startKeys(this.#head.subarray(0, SALT_BYTES))
        }
      }
    }
  }

  #startKeys(theirs: Uint8Array): void {
    const { self, peer, secret } = this.#options
    const salt = self < peer ? Buffer.concat([this.#salt, theirs]) : Buffer.concat([theirs, this.#salt])
    // Key objects: a cipher made from raw bytes costs four times as much, on every record
    const key = (from: number, to: number): KeyObject =>
      createSecretKey(new Uint8Array(hkdfSync('sha256', secret, salt, `enigma/mpc/link/1/${from}/${to}`, 32)))
    this.#keys = { send: key(self, peer), receive: key(peer, self) }
    this.#becomeReady()
  }

  #startRecord(length: number): void {
    if (length < HEADER_BYTES + TAG_BYTES || length > MAX_RECORD_BYTES) {
      return this.#fail('record', 'The peer sent a record of an impossible length.')
    }
    this.#record = Buffer.allocUnsafeSlow(length)
    this.#filled = 0
  }

  #onRecord(record: Buffer): void {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(record.length)
    let plain: Buffer
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#keys!.receive, nonce(this.#received++))
      decipher.setAAD(length)
      decipher.setAuthTag(record.subarray(record.length - TAG_BYTES))
      plain = decipher.update(record.subarray(0, record.length - TAG_BYTES))
      decipher.final()
    } catch (cause) {
      return this.#fail('authentication', 'A record of the peer failed authentication.', cause)
    }
    const session = plain.toString('hex', 0, 8)
    const operation = plain.toString('hex', 8, 24)
    const step = plain.readUInt32BE(24)
    const left = plain.readUInt32BE(28)
    if (this.#closed.has(session)) return
    if (!this.#boxes.has(session) && this.#boxes.size - this.#opened.size >= MAX_UNOPENED_SESSIONS) {
      return this.#fail('flood', 'The peer started more sessions than this side knows of.')
    }
    const body = this.#assemble(`${session}/${operation}/${step}`, plain.subarray(HEADER_BYTES), left)
    if (body) this.mailbox(session).deliver(operation, step, body)
  }

  /** Joins the records of a long message; the first one says how much will follow. */
  #assemble(name: string, part: Uint8Array, left: number): Uint8Array | null {
    const open = this.#partial.get(name)
    if (!open) {
      if (left === 0) return part
      if (part.length + left > this.#options.maxMessageBytes) {
        this.#fail('message', 'The peer announced a message that exceeds the size limit.')
        return null
      }
      this.#partialBytes += part.length + left
      if (this.#partialBytes > this.#options.maxEarlyBytes) {
        this.#fail('flood', 'The peer began more long messages at once than are allowed.')
        return null
      }
      const body = new Uint8Array(part.length + left)
      body.set(part)
      this.#partial.set(name, { body, filled: part.length })
      return null
    }
    if (open.filled + part.length + left !== open.body.length) {
      this.#fail('message', 'The records of a message do not add up.')
      return null
    }
    open.body.set(part, open.filled)
    open.filled += part.length
    if (left > 0) return null
    this.#partial.delete(name)
    this.#partialBytes -= open.body.length
    return open.body
  }

  #error(what: string, message: string, cause?: unknown): MpcError {
    return new MpcError({ code: 'MPC_LINK', peer: this.#options.peer, what }, message, { cause })
  }

  #fail(what: string, message: string, cause?: unknown): void {
    if (this.#failure) return
    this.#failure = this.#error(what, message, cause)
    this.#failReady(this.#failure)
    for (const box of this.#boxes.values()) box.fail(this.#failure)
    this.#partial.clear()
    this.#record = null
    this.#stream.destroy()
  }
}

function nonce(counter: bigint): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeBigUInt64BE(counter, 4)
  return bytes
}
