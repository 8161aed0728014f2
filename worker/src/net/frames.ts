import type { Stream } from '@libp2p/interface'
import { lpStream, type LengthPrefixedStreamOpts } from '@libp2p/utils'
import { asError, u32 } from '@enigma/protocol'

/** Length-prefixed messages, each with a size limit and a deadline. */
export interface Frames {
  read(signal: AbortSignal): Promise<Uint8Array>
  /** Resolves when the other end has room for more. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>
}

/**
 * A message stands behind its length, a big-endian u32 (PROTOCOL, encodings). The library's varint would let a length that
 * never ends grow without bound; this one has four bytes, always.
 */
const PREFIX_BYTES = 4
const lengthEncoder = (length: number): Uint8Array => u32.encode(length)
const lengthDecoder: LengthPrefixedStreamOpts['lengthDecoder'] = data => {
  if (data.byteLength < PREFIX_BYTES) throw new RangeError('The length is not whole yet.') // asks for the next byte
  return u32.decode(data.subarray())
}

export function frames(stream: Stream, maxReadBytes: number): Frames {
  const lp = lpStream(stream, {
    lengthEncoder,
    lengthDecoder,
    maxLengthLength: PREFIX_BYTES,
    maxDataLength: maxReadBytes,
    maxBufferSize: maxReadBytes + PREFIX_BYTES
  })
  return {
    read: async signal => (await lp.read({ signal })).subarray(),
    write: (bytes, signal) => lp.write(bytes, { signal })
  }
}

/** Ends the stream at the deadline, whatever the other side does: also one that is never closed by it. */
export function tie(stream: Stream, signal: AbortSignal): void {
  const abort = (): void => stream.abort(asError(signal.reason))
  if (signal.aborted) return abort()
  signal.addEventListener('abort', abort, { once: true })
  stream.addEventListener('close', () => signal.removeEventListener('abort', abort), { once: true })
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
