import { noise, type NoiseComponents } from '@chainsafe/libp2p-noise'
import { yamux, type YamuxMuxerInit } from '@chainsafe/libp2p-yamux'
import type {
  ConnectionEncrypter,
  ConnectionProtector,
  MessageStream,
  SecuredConnection,
  Stream,
  StreamMessageEvent,
  StreamMuxerFactory
} from '@libp2p/interface'
import type { Registrar } from '@libp2p/interface-internal'
import { FrameGuard } from './frame-guard.ts'
import type { LastHeard } from './heartbeat.ts'
import { NegotiationGuard } from './negotiation-guard.ts'
import { updateWindowsSparingly } from './window-updates.ts'

/**
 * Two ends of libp2p agree on encryption, multiplexer and each stream's protocol by names behind varint lengths, and tell each other
 * of themselves (identify) likewise. The library reads such a length byte by byte, without an end to it, at some hundred bytes of memory
 * for each, and until a time limit; all that before anybody is known. These guards stand before each of those conversations.
 */
type Check = (data: StreamMessageEvent['data']) => boolean

const IDENTIFY = new Set(['/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0'])

/** The library's own limit of one message of identify. */
const MAX_IDENTIFY_BYTES = 8 * 1024

/**
 * Shows everything that arrives to a check before any listener sees it. Not by a listener: with its first one a stream begins to hand
 * out what it holds, and the library's, which come later, would miss it.
 */
function guard(stream: MessageStream, check: Check): void {
  const dispatch = stream.dispatchEvent.bind(stream)
  stream.dispatchEvent = event => {
    if (event.type !== 'message' || check((event as StreamMessageEvent).data)) return dispatch(event)
    stream.abort(new Error('a length out of bounds'))
    return false
  }
}

/** The names that the other end says, up to the last one; bytes after it are for somebody else, who sees them again. */
function names(stream: MessageStream, known: (name: string) => boolean): Check {
  const said = stream.direction === 'inbound' ? NegotiationGuard.proposals(known) : NegotiationGuard.answers()
  let agreed = false
  return data => {
    if (agreed) return true
    const state = said.next(data)
    agreed = state === 'agreed'
    return state !== 'refused'
  }
}

function guardStream(stream: Stream, known: (name: string) => boolean): void {
  updateWindowsSparingly(stream)
  const opening = names(stream, known)
  const messages = new FrameGuard(MAX_IDENTIFY_BYTES)
  guard(stream, data => {
    if (stream.protocol === '') return opening(data)
    return !IDENTIFY.has(stream.protocol) || messages.allows(data)
  })
}

/** First of all: on the raw connection, where encryption is agreed on. */
export function guardedConnections(heard: LastHeard): ConnectionProtector {
  return {
    protect(connection) {
      const opening = names(connection, name => name === '/noise')
      guard(connection, data => {
        heard.note(connection)
        return opening(data)
      })
      return Promise.resolve(connection)
    }
  }
}

/** Noise. Who does not name a multiplexer in its handshake agrees on one afterwards, on the encrypted connection. */
export const guardedNoise =
  () =>
  (components: NoiseComponents): ConnectionEncrypter => {
    const inner = noise()(components)
    const guarded = (secured: SecuredConnection): SecuredConnection => {
      const { connection, streamMuxer } = secured
      if (streamMuxer === undefined)
        guard(
          connection,
          names(connection, name => name.startsWith('/yamux/'))
        )
      return secured
    }
    return {
      protocol: inner.protocol,
      secureInbound: async (connection, options) => guarded(await inner.secureInbound(connection, options)),
      secureOutbound: async (connection, options) => guarded(await inner.secureOutbound(connection, options))
    }
  }

/** Yamux, each of whose streams begins by agreeing on its protocol. */
export const guardedYamux =
  (init: YamuxMuxerInit) =>
  (components: { registrar: Registrar }): StreamMuxerFactory => {
    const inner = yamux(init)()
    const known = (name: string): boolean => components.registrar.getProtocols().includes(name) // made after the muxer
    return {
      protocol: inner.protocol,
      createStreamMuxer(connection) {
        const muxer = inner.createStreamMuxer(connection)
        const [dispatch, create] = [muxer.dispatchEvent.bind(muxer), muxer.createStream.bind(muxer)]
        muxer.dispatchEvent = event => {
          if (event.type === 'stream') guardStream((event as CustomEvent<Stream>).detail, known)
          return dispatch(event)
        }
        muxer.createStream = async options => {
          const stream = await create(options)
          guardStream(stream, known)
          return stream
        }
        return muxer
      }
    }
  }
