import type { Stream } from '@libp2p/interface'

/** What of the library's yamux stream this file knows; a stream without it is left as it is. */
interface YamuxStream {
  readonly state: number
  readonly recvWindow: number // bytes
  readonly recvWindowCapacity: number // bytes of it that may still come
  sendWindowUpdate: () => void
}
const ESTABLISHED = 3

const isYamux = (stream: unknown): stream is YamuxStream => {
  const { state, recvWindow, recvWindowCapacity, sendWindowUpdate } = stream as Partial<YamuxStream>
  return [state, recvWindow, recvWindowCapacity].every(Number.isFinite) && typeof sendWindowUpdate === 'function'
}

/**
 * The library answers every frame of data with a frame that gives its bytes back to the sender's window, so that a request and its
 * answer are four frames where two would do. Half a window used up is early enough: the sender still has the other half.
 * @see https://github.com/hashicorp/yamux/blob/master/spec.md
 */
export function updateWindowsSparingly(stream: Stream | YamuxStream): void {
  if (!isYamux(stream)) return
  const update = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    const { state, recvWindow, recvWindowCapacity } = stream
    if (state !== ESTABLISHED || recvWindowCapacity < recvWindow / 2) update() // an update may carry the stream's acknowledgement
  }
}
