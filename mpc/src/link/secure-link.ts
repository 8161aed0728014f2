import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MpcError } from '../errors.ts'
import type { WaitOptions } from '../session/channel.ts'
import { Mailbox } from '../session/mailbox.ts'
import { within } from '../session/wait.ts'
import { Assembler } from './assembler.ts'
import { RecordReader, SALT_BYTES } from './reader.ts'
import { Opener, RECORD_BODY_BYTES, Sealer, type RecordHead } from './record.ts'

/** More than this is not kept back, and not copied together. */
const TOGETHER_BYTES = 16_384
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
  /** Sending waits this long for the peer to read on, where the sender says nothing else. */
  readonly drainTimeoutMs?: number
  /** What may be kept of messages that nobody waits for yet, per session. */
  readonly maxEarlyBytes?: number
}

interface WaitingSender {
  readonly session: string
  readonly resolve: () => void
  readonly reject: (reason: MpcError) => void
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
  /** Those that wait for the peer to read on. */
  readonly #senders = new Set<WaitingSender>()
  readonly #assembler: Assembler
  readonly #reader: RecordReader
  readonly #salt = randomBytes(SALT_BYTES)
  readonly #ready: Promise<void>
  #becomeReady: () => void = () => undefined
  #failReady: (reason: MpcError) => void = () => undefined
  #sealer: Sealer | null = null
  #opener: Opener | null = null
  #failure: MpcError | null = null
  /** Records, or parts of them, that are written when this turn of the event loop ends. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0

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
    this.#assembler = new Assembler(this.#options.maxMessageBytes, this.#options.maxEarlyBytes)
    this.#reader = new RecordReader({
      salt: bytes => this.#startKeys(bytes),
      record: bytes => this.#onRecord(bytes),
      impossible: () => this.#fail('record', 'The peer sent a record of an impossible length.')
    })
    this.#ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve
      this.#failReady = reject
    })
    this.#ready.catch(() => undefined)
    stream.on('data', (chunk: Buffer) => this.#reader.read(chunk))
    stream.on('drain', () => this.#onDrain())
    stream.on('error', cause => this.#fail('connection', 'The connection failed.', cause))
    stream.on('close', () => this.#fail('closed', 'The connection is closed.'))
    stream.on('end', () => this.#fail('closed', 'The connection is closed.'))
    stream.write(this.#salt)
  }

  /** Resolves when both salts are exchanged. @throws MPC_TIMEOUT naming the peer, MPC_ABORTED, MPC_LINK. */
  ready(wait: WaitOptions): Promise<void> {
    const { peer } = this.#options
    return within(this.#ready, 'link', wait, () => silent(peer, 'link', wait.timeoutMs, 'did not answer'))
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
    const closed = new MpcError({ code: 'MPC_ABORTED', operation: session }, 'The session is closed.')
    this.#boxes.get(session)?.fail(closed)
    for (const sender of this.#senders) if (sender.session === session) sender.reject(closed)
    this.#boxes.delete(session)
    this.#opened.delete(session)
    this.#assembler.dropSession(session)
    this.#closed.add(session)
    if (this.#closed.size > REMEMBERED_SESSIONS) this.#closed.delete(this.#closed.values().next().value!)
  }

  /**
   * Encrypts and writes; the promise, if any, resolves when the peer has read enough for more. Await `ready` once before.
   * Small records of one turn of the event loop are written together when it ends: side by side branches then cost one system call.
   */
  send(
    session: string,
    operation: string,
    step: number,
    body: Uint8Array,
    wait: WaitOptions = { timeoutMs: this.#options.drainTimeoutMs }
  ): Promise<void> | undefined {
    if (this.#failure) throw this.#failure
    if (body.length > this.#options.maxMessageBytes) throw this.#error('message', 'A message exceeds the size limit.')
    let at = 0
    do {
      const part = body.subarray(at, at + RECORD_BODY_BYTES)
      at += part.length
      this.#writeRecord({ session, operation, step, left: body.length - at }, part)
    } while (at < body.length)
    return this.#stream.writableNeedDrain ? this.#drained(session, operation, wait) : undefined
  }

  close(): void {
    this.#flush()
    this.#fail('closed', 'The link was closed.')
  }

  #writeRecord(head: RecordHead, body: Uint8Array): void {
    if (!this.#sealer) throw this.#error('not-ready', 'The link is not ready yet.')
    const parts = this.#sealer.seal(head, body)
    if (this.#waiting.length === 0) process.nextTick(this.#flush)
    for (const part of parts) {
      if (part.length === 0) continue
      this.#waiting.push(part)
      this.#waitingBytes += part.length
    }
    if (this.#waitingBytes > TOGETHER_BYTES) this.#flush()
  }

  readonly #flush = (): void => {
    const parts = this.#waiting
    if (parts.length === 0) return
    this.#waiting = []
    const bytes = this.#waitingBytes
    this.#waitingBytes = 0
    if (this.#failure) return
    if (parts.length === 1) this.#stream.write(parts[0])
    else if (bytes <= TOGETHER_BYTES) this.#stream.write(Buffer.concat(parts, bytes))
    else {
      this.#stream.cork()
      for (const part of parts) this.#stream.write(part)
      this.#stream.uncork()
    }
  }

  /** Until the peer has read enough, the deadline, the end of the session, or that of the link. */
  async #drained(session: string, operation: string, wait: WaitOptions): Promise<void> {
    let sender: WaitingSender
    const drained = new Promise<void>((resolve, reject) => {
      sender = { session, resolve, reject }
      this.#senders.add(sender)
    })
    try {
      const { peer } = this.#options
      await within(drained, operation, wait, () => silent(peer, operation, wait.timeoutMs, 'read nothing'))
    } finally {
      this.#senders.delete(sender!)
    }
  }

  #onDrain(): void {
    for (const { resolve } of this.#senders) resolve()
    this.#senders.clear()
  }

  #startKeys(theirs: Uint8Array): void {
    const { self, peer, secret } = this.#options
    const salt = self < peer ? Buffer.concat([this.#salt, theirs]) : Buffer.concat([theirs, this.#salt])
    // Key objects: a cipher made from raw bytes costs four times as much, on every record
    const key = (from: number, to: number): KeyObject =>
      createSecretKey(new Uint8Array(hkdfSync('sha256', secret, salt, `enigma/mpc/link/1/${from}/${to}`, 32)))
    this.#sealer = new Sealer(key(self, peer))
    this.#opener = new Opener(key(peer, self))
    this.#becomeReady()
  }

  #onRecord(record: Uint8Array): void {
    let found: ReturnType<Opener['open']>
    try {
      found = this.#opener!.open(record)
    } catch (cause) {
      return this.#fail('authentication', 'A record of the peer failed authentication.', cause)
    }
    const { session, operation, step } = found.head
    if (this.#closed.has(session)) return
    if (!this.#boxes.has(session) && this.#boxes.size - this.#opened.size >= MAX_UNOPENED_SESSIONS) {
      return this.#fail('flood', 'The peer started more sessions than this side knows of.')
    }
    const body = this.#assembler.add(found.head, found.body)
    if (body instanceof Uint8Array) this.mailbox(session).deliver(operation, step, body)
    else if (body) this.#fail(body.what, body.message)
  }

  #error(what: string, message: string, cause?: unknown): MpcError {
    return new MpcError({ code: 'MPC_LINK', peer: this.#options.peer, what }, message, { cause })
  }

  #fail(what: string, message: string, cause?: unknown): void {
    if (this.#failure) return
    this.#failure = this.#error(what, message, cause)
    this.#failReady(this.#failure)
    for (const box of this.#boxes.values()) box.fail(this.#failure)
    for (const { reject } of this.#senders) reject(this.#failure)
    this.#assembler.clear()
    this.#reader.stop()
    this.#stream.destroy()
  }
}

const silent = (peer: number, operation: string, limitMs: number, what: string): MpcError =>
  new MpcError({ code: 'MPC_TIMEOUT', from: peer, operation, limitMs }, `Party ${peer} ${what} for ${limitMs} ms.`, {
    hint: 'Look whether that node is up and reachable.'
  })
