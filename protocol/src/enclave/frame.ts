import { MAX_MESSAGE_BYTES, codec, u32, u8, type Codec } from '../codec.ts'
import { ProtocolError } from '../errors.ts'

/**
 * A frame on the socket between a host and its enclave: u32 length, then version, type, id, method, payload.
 * docs/spec/enclave-boundary.md
 */
export const FrameType = { request: 0, response: 1, error: 2 } as const
export type FrameType = (typeof FrameType)[keyof typeof FrameType]

export interface Frame {
  readonly type: number
  readonly id: number // chosen by the side that asks; the answer repeats it
  readonly method: number // EnclaveMethod
  readonly payload: Uint8Array
}

export const FRAME_HEADER_BYTES = 7
/** Payload and header together; the length prefix in front is not counted. */
export const MAX_FRAME_BYTES = MAX_MESSAGE_BYTES + 64 * 1024
const FRAME_VERSION = 1

export const frameCodec: Codec<Frame> = codec<Frame>(
  'Frame',
  MAX_FRAME_BYTES,
  (frame, out) => {
    u8.write(FRAME_VERSION, out)
    u8.write(frame.type, out)
    u32.write(frame.id, out)
    u8.write(frame.method, out)
    out.push(frame.payload)
  },
  from => {
    const version = u8.read(from)
    if (version !== FRAME_VERSION) {
      throw new ProtocolError(
        { code: 'PROTOCOL_DECODE', what: 'Frame' },
        `Frame version ${version} is not spoken here.`
      )
    }
    const type = u8.read(from)
    if (type > FrameType.error) {
      throw new ProtocolError({ code: 'PROTOCOL_DECODE', what: 'Frame' }, `There is no frame type ${type}.`)
    }
    return { type, id: u32.read(from), method: u8.read(from), payload: from.take(from.left).slice() }
  }
)

/** A frame with its length in front, ready for a socket. */
export function frameBytes(frame: Frame): Uint8Array {
  const body = frameCodec.encode(frame)
  const whole = new Uint8Array(4 + body.length)
  new DataView(whole.buffer).setUint32(0, body.length)
  whole.set(body, 4)
  return whole
}

/**
 * Cuts a byte stream into frames. A length above the limit is refused before anything is allocated for it.
 *
 * @returns a function that takes the next chunk and gives the frames it completes.
 * @throws PROTOCOL_TOO_LARGE, PROTOCOL_DECODE: the stream is then of no further use.
 */
export function frameSplitter(maxBytes: number = MAX_FRAME_BYTES): (chunk: Uint8Array) => Frame[] {
  let parts: Uint8Array[] = []
  let held = 0

  const peek = (count: number): Uint8Array => {
    const head = new Uint8Array(count)
    let at = 0
    for (const part of parts) {
      if (at === count) break
      const slice = part.subarray(0, count - at)
      head.set(slice, at)
      at += slice.length
    }
    return head
  }
  const drop = (count: number): void => {
    let left = count
    while (left > 0) {
      const first = parts[0]!
      if (first.length <= left) {
        parts = parts.slice(1)
        left -= first.length
      } else {
        parts[0] = first.subarray(left)
        left = 0
      }
    }
    held -= count
  }

  return chunk => {
    if (chunk.length > 0) parts.push(chunk)
    held += chunk.length
    const frames: Frame[] = []
    while (held >= 4) {
      const length = new DataView(peek(4).buffer).getUint32(0)
      if (length > maxBytes || length < FRAME_HEADER_BYTES) {
        throw new ProtocolError(
          { code: 'PROTOCOL_TOO_LARGE', what: 'frame', limitBytes: maxBytes },
          `A frame of ${length} bytes was refused; ${FRAME_HEADER_BYTES} to ${maxBytes} are allowed.`
        )
      }
      if (held < 4 + length) break
      frames.push(frameCodec.decode(peek(4 + length).subarray(4)))
      drop(4 + length)
    }
    return frames
  }
}
