import type { Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { asError } from '@enigma/protocol'

/** One length-prefixed message each way on a stream of its own. Each has a size limit; both share one deadline. */
export interface Frames {
  read(): Promise<Uint8Array>
  write(bytes: Uint8Array): Promise<void>
}

/** Bytes of the varint that stands before a message. */
const PREFIX_BYTES = 5

export function frames(stream: Stream, maxReadBytes: number, signal: AbortSignal): Frames {
  const lp = lpStream(stream, { maxDataLength: maxReadBytes, maxBufferSize: maxReadBytes + PREFIX_BYTES })
  return {
    read: async () => (await lp.read({ signal })).subarray(),
    write: bytes => lp.write(bytes, { signal })
  }
}

/** Sends a request on a fresh stream and reads its answer. The stream is gone afterwards, however that ends. */
export async function askOn(
  stream: Stream,
  request: Uint8Array,
  maxResponseBytes: number,
  signal: AbortSignal
): Promise<Uint8Array> {
  const abort = (): void => stream.abort(asError(signal.reason))
  signal.addEventListener('abort', abort, { once: true })
  try {
    const line = frames(stream, maxResponseBytes, signal)
    await line.write(request)
    const response = await line.read()
    await stream.close({ signal })
    return response
  } catch (err) {
    stream.abort(asError(err))
    throw err
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Reads one request and answers it. A request that does not arrive whole, in size and time, ends the stream. */
export async function answerOn(
  stream: Stream,
  maxRequestBytes: number,
  signal: AbortSignal,
  answer: (request: Uint8Array) => Promise<Uint8Array>
): Promise<void> {
  const line = frames(stream, maxRequestBytes, signal)
  await line.write(await answer(await line.read()))
  await stream.close({ signal })
}
