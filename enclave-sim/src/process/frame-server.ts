import type { Duplex } from 'node:stream'
import { FrameType, frameBytes, frameSplitter, enclaveErrorCodec, type Frame } from '@enigma/protocol'
import { errorMessage } from './error-message.ts'
import { enclaveError } from '../errors.ts'
import type { Log } from '../log.ts'

/** Requests that one host may have under way. */
const MAX_UNDER_WAY = 128
/** Bytes that may wait for the host to read them before the enclave reads no further request. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

export interface FrameServerInit {
  readonly socket: Duplex
  readonly call: (method: number, payload: Uint8Array) => Promise<Uint8Array>
  readonly log: Log
  /** The host broke the framing; nothing that follows can be trusted to be a frame. */
  readonly onBroken: (why: string) => void
}

/** Answers the requests of the one host, in whatever order they finish. docs/spec/enclave-boundary.md */
export function serveFrames({ socket, call, log, onBroken }: FrameServerInit): void {
  const split = frameSplitter()
  const underWay = new Set<number>()
  let broken = false

  function breakOff(why: string): void {
    if (broken) return
    broken = true
    socket.pause()
    onBroken(why)
  }

  function send(frame: Frame): void {
    if (broken || socket.destroyed) return
    socket.write(frameBytes(frame))
    if (socket.writableLength > MAX_UNREAD_BYTES && !socket.isPaused()) {
      socket.pause()
      socket.once('drain', () => {
        if (!broken) socket.resume()
      })
    }
  }

  async function answer({ id, method, payload }: Frame): Promise<void> {
    try {
      if (underWay.size > MAX_UNDER_WAY)
        throw enclaveError('ENCLAVE_BUSY', `${MAX_UNDER_WAY} requests are under way already.`)
      send({ type: FrameType.response, id, method, payload: await call(method, payload) })
    } catch (error) {
      send({ type: FrameType.error, id, method, payload: enclaveErrorCodec.encode(errorMessage(error, method, log)) })
    } finally {
      underWay.delete(id)
    }
  }

  function take(frame: Frame): void {
    if (broken) return
    if (frame.type !== FrameType.request) return breakOff('a host only asks')
    if (underWay.has(frame.id)) return breakOff('an id is used twice')
    underWay.add(frame.id)
    void answer(frame)
  }

  socket.on('data', (chunk: Uint8Array) => {
    if (broken) return
    let frames: Frame[]
    try {
      frames = split(chunk)
    } catch (error) {
      return breakOff(error instanceof Error ? error.message : 'bytes that are no frame')
    }
    for (const frame of frames) take(frame)
  })
}
