import type { Connection, Stream } from '@libp2p/interface'
import { EnigmaError, asError, peerRequest, peerResponse, printable, utf8 } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { decode } from './decode.ts'
import { NetError, decidingCode } from './errors.ts'
import { answerEachOn } from './frames.ts'
import { PROTOCOL_RULES } from './limits.ts'
import type { Peer, PeerHandler, ProtocolId } from './peer-network.ts'

const MAX_SENTENCE_CHARS = 300

export interface ResponderInit {
  readonly log: Logger
  readonly requestTimeoutMs: number
  /** The verified peer that may use the protocol now. @throws PEER_NOT_VERIFIED, PEER_NOT_ALLOWED, PEER_BUSY */
  readonly admit: (protocol: ProtocolId, peerId: string, signal: AbortSignal) => Promise<Peer>
  /** Its bucket for this method. @throws PEER_BUSY */
  readonly admitMethod: (protocol: ProtocolId, method: number, peerId: string) => void
  readonly penaliseMalformed: (peerId: string) => void
}

/** Makes the stream handler of one protocol: who asks, how often, how much, how long; then its method's handler. */
export function responder(
  { log, requestTimeoutMs, admit, admitMethod, penaliseMalformed }: ResponderInit,
  protocol: ProtocolId,
  handlers: Readonly<Record<number, PeerHandler>>
): (stream: Stream, connection: Connection) => Promise<void> {
  const rule = PROTOCOL_RULES[protocol]

  async function answer(peer: Peer, bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { method, payload } = decode(peerRequest, bytes, peer.peerId)
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined
    if (!handler) {
      throw new NetError({ code: 'PEER_UNKNOWN_METHOD', method }, `${protocol} has no method ${method} here.`)
    }
    admitMethod(protocol, method, peer.peerId)
    return handler(payload, peer, signal)
  }

  return async (stream, connection) => {
    const peerId = connection.remotePeer.toString()
    const limits = { maxRequestBytes: rule.maxRequestBytes, requestMs: requestTimeoutMs, idleMs: requestTimeoutMs }
    try {
      await answerEachOn(stream, limits, async (read, signal) => {
        // Who is not allowed in is told so before a byte of the request is read.
        const peer = await admit(protocol, peerId, signal).catch(asError)
        if (peer instanceof Error) return { bytes: errorResponse(peer), last: true }
        const request = await read()
        try {
          const payload = await answer(peer, request, signal)
          return { bytes: peerResponse.encode({ ok: true, code: '', payload }) }
        } catch (err) {
          if (decidingCode(err) === 'PEER_MALFORMED') penaliseMalformed(peerId)
          else if (!(err instanceof EnigmaError)) log.error('A request of a peer failed inside', facts(peerId, err))
          return { bytes: errorResponse(err) }
        }
      })
    } catch (err) {
      if (isOversized(err)) penaliseMalformed(peerId)
      log.debug('A request of a peer ended early', facts(peerId, err))
    }
  }

  function facts(peerId: string, err: unknown): { peer: string; protocol: string; error: string } {
    return { peer: peerId, protocol, error: printable(asError(err).message) }
  }
}

/** The peer announced, or sent, more than the protocol allows. */
const isOversized = (err: unknown): boolean =>
  ['InvalidDataLengthError', 'InvalidDataLengthLengthError', 'StreamBufferError'].includes(asError(err).name)

/** A code crosses as it is; a sentence only if somebody wrote it on purpose. */
export function errorResponse(err: unknown): Uint8Array {
  const sentence = err instanceof EnigmaError ? printable(err.message, MAX_SENTENCE_CHARS) : 'The node failed inside.'
  return peerResponse.encode({ ok: false, code: decidingCode(err).slice(0, 64), payload: utf8(sentence) })
}
