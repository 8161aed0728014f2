import type { Connection, Stream } from '@libp2p/interface'
import { asError, printable } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { decidingCode } from './errors.ts'
import { frames, tie } from './frames.ts'
import { PROTOCOL_RULES } from './limits.ts'
import type { Line, LineHandler, Peer, ProtocolId } from './peer-network.ts'

export interface LineInit {
  readonly log: Logger
  /** From the opening of a line to its end. */
  readonly lifeMs: number
  /** For one frame: whoever reads or writes slower than that is let go. */
  readonly frameMs: number
  /** The verified peer that may use the protocol now. @throws NetError */
  readonly admit: (protocol: ProtocolId, peerId: string, signal: AbortSignal) => Promise<Peer>
  readonly penaliseMalformed: (peerId: string) => void
}

/** A stream as a conversation of many frames, each with a size and a time limit. */
export function lineOn(stream: Stream, maxReadBytes: number, frameMs: number, signal: AbortSignal): Line {
  tie(stream, signal)
  const within = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(frameMs)])
  // One reader over the stream's life: what it has buffered belongs to the next frame.
  const { read, write } = frames(stream, maxReadBytes)
  const guarded = async <T>(work: (limit: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await work(within())
    } catch (err) {
      stream.abort(asError(err))
      throw err
    }
  }
  return {
    read: () => guarded(limit => read(limit)),
    write: bytes => guarded(limit => write(bytes, limit)),
    close: () => guarded(limit => stream.close({ signal: limit })),
    abort: err => stream.abort(err)
  }
}

/** Makes the stream handler of a protocol of many frames. */
export function lineResponder(
  { log, lifeMs, frameMs, admit, penaliseMalformed }: LineInit,
  protocol: ProtocolId,
  handler: LineHandler
): (stream: Stream, connection: Connection) => Promise<void> {
  return async (stream, connection) => {
    const peerId = connection.remotePeer.toString()
    const signal = AbortSignal.timeout(lifeMs)
    try {
      const peer = await admit(protocol, peerId, signal)
      const line = lineOn(stream, PROTOCOL_RULES[protocol].maxRequestBytes, frameMs, signal)
      await handler(line, peer, signal)
      await line.close()
    } catch (err) {
      if (decidingCode(err) === 'PEER_MALFORMED') penaliseMalformed(peerId)
      log.debug('A conversation with a peer ended early', {
        peer: peerId,
        protocol,
        error: printable(asError(err).message)
      })
      stream.abort(asError(err))
    }
  }
}
