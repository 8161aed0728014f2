import type { Stream } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { asError, concatBytes, u32 } from '@enigma/protocol'
import { deadlineIn } from '../ops/deadline.ts'

/** Length-prefixed messages, each with a size limit and a deadline. */
export interface Frames {
  read(signal: AbortSignal): Promise<Uint8Array>
  /** Resolves when the other end has room for more. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>
  /** Waits for the beginning of a further message: false if the other end said that there is none. */
  more(signal: AbortSignal): Promise<boolean>
}

/**
 * A message stands behind its length, a big-endian u32 (PROTOCOL, encodings): four bytes, always, where the library's varint would
 * let a length that never ends grow without bound.
 */
const PREFIX_BYTES = 4

/** @throws InvalidDataLengthError for a length above `maxReadBytes`; UnexpectedEOFError for a message that is not whole */
export function frames(stream: Stream, maxReadBytes: number): Frames {
  const bytes = byteStream(stream, { maxBufferSize: maxReadBytes + PREFIX_BYTES })
  let taken: Uint8Array = new Uint8Array()

  /** @returns false at the end of the stream, when fewer are left */
  async function has(count: number, signal: AbortSignal): Promise<boolean> {
    const parts = [taken]
    let length = taken.length
    let isOver = false
    try {
      while (length < count && !isOver) {
        const next = await bytes.read({ signal })
        isOver = next === null
        if (next === null) break
        parts.push(next.subarray())
        length += next.byteLength
      }
    } finally {
      if (parts.length > 1) taken = concatBytes(...parts)
    }
    return !isOver
  }

  async function take(count: number, signal: AbortSignal): Promise<Uint8Array> {
    if (!(await has(count, signal))) {
      throw named('UnexpectedEOFError', `The stream ended after ${taken.length} of ${count} bytes.`)
    }
    const found = taken.slice(0, count)
    taken = taken.subarray(count)
    return found
  }

  return {
    async read(signal) {
      const length = u32.decode(await take(PREFIX_BYTES, signal))
      if (length > maxReadBytes) {
        throw named(
          'InvalidDataLengthError',
          `A message of ${length} bytes was announced; at most ${maxReadBytes} fit.`
        )
      }
      return take(length, signal)
    },
    write: (message, signal) => bytes.write(concatBytes(u32.encode(message.length), message), { signal }),
    more: signal => has(1, signal)
  }
}

function named(name: string, message: string): Error {
  const error = new Error(message)
  error.name = name
  return error
}

/** Ends the stream at the deadline, whatever the other side does: also one that is never closed by it. The result lets go of it. */
export function tie(stream: Stream, signal: AbortSignal): () => void {
  const abort = (): void => stream.abort(asError(signal.reason))
  const untie = (): void => {
    signal.removeEventListener('abort', abort)
    stream.removeEventListener('close', untie)
  }
  if (signal.aborted) {
    abort()
    return untie
  }
  signal.addEventListener('abort', abort, { once: true })
  stream.addEventListener('close', untie, { once: true })
  return untie
}

/** Sends a request on a fresh stream and reads its answer. */
export async function askOn(
  stream: Stream,
  request: Uint8Array,
  maxResponseBytes: number,
  signal: AbortSignal
): Promise<Uint8Array> {
  tie(stream, signal)
  try {
    const line = frames(stream, maxResponseBytes)
    await line.write(request, signal)
    const response = await line.read(signal)
    await stream.close({ signal })
    return response
  } catch (err) {
    stream.abort(asError(err))
    throw err
  }
}

/** Reads one request and answers it. A request that does not arrive whole, in size and time, ends the stream. */
export async function answerOn(
  stream: Stream,
  maxRequestBytes: number,
  signal: AbortSignal,
  answer: (request: Uint8Array) => Promise<Uint8Array>
): Promise<void> {
  tie(stream, signal)
  try {
    const line = frames(stream, maxRequestBytes)
    await line.write(await answer(await line.read(signal)), signal)
    await stream.close({ signal })
  } catch (err) {
    stream.abort(asError(err))
    throw err
  }
}

/** What one request on a stream of many gets, and whether another may follow. */
export interface Reply {
  readonly bytes: Uint8Array
  readonly last?: boolean
}

/**
 * Answers requests one after the other, until the other end has no more or is silent for `idleMs`. Each has `requestMs` from its first
 * byte to the end of its answer; the first one, from the opening of the stream.
 */
export async function answerEachOn(
  stream: Stream,
  { maxRequestBytes, requestMs, idleMs }: { maxRequestBytes: number; requestMs: number; idleMs: number },
  reply: (read: () => Promise<Uint8Array>, signal: AbortSignal) => Promise<Reply>
): Promise<void> {
  try {
    const line = frames(stream, maxRequestBytes)
    for (;;) {
      const request = deadlineIn(requestMs)
      const untie = tie(stream, request.signal)
      const { bytes, last = false } = await reply(() => line.read(request.signal), request.signal)
      await line.write(bytes, request.signal)
      untie()
      request.clear()
      if (last) break
      const idle = deadlineIn(idleMs)
      const goesOn = await line.more(idle.signal).catch(() => false)
      idle.clear()
      if (!goesOn) break
    }
    const signal = AbortSignal.timeout(requestMs)
    tie(stream, signal) // the other end may never close its side
    await stream.close({ signal })
  } catch (err) {
    stream.abort(asError(err))
    throw err
  }
}
