import type { Connection } from '@libp2p/interface'
import { asError, peerRequest, peerResponse } from '@enigma/protocol'
import { deadlineIn } from '../ops/deadline.ts'
import { decode } from './decode.ts'
import { NetError, refusedBy } from './errors.ts'
import { KeptStreams } from './kept-streams.ts'
import { PROTOCOL_RULES, type NetLimits } from './limits.ts'
import { lineOn } from './lines.ts'
import type { Line, ProtocolId } from './peer-network.ts'

/** Streams to one peer that this side may have open at a time, of each protocol. */
const MAX_OUTBOUND_STREAMS = 64

export interface RequestTerms {
  readonly protocol: ProtocolId
  readonly method: number
  readonly payload: Uint8Array
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** What this node asks of others: requests on streams that it keeps open, and lines. */
export class Requests {
  readonly #limits: NetLimits
  readonly #kept = new WeakMap<Connection, Map<ProtocolId, KeptStreams>>()

  constructor(limits: NetLimits) {
    this.#limits = limits
  }

  /** @throws PEER_TIMEOUT, PEER_UNREACHABLE, PEER_MALFORMED, what the peer refuses with, and the reason of `signal` */
  async ask(connection: Connection, terms: RequestTerms): Promise<Uint8Array> {
    const { protocol, method, payload, timeoutMs, signal: outer } = terms
    const peerId = connection.remotePeer.toString()
    const { signal, clear } = deadlineIn(timeoutMs, outer)
    let bytes: Uint8Array
    try {
      bytes = await this.#streams(connection, protocol).ask(peerRequest.encode({ method, payload }), signal)
    } catch (cause) {
      if (outer?.aborted) throw asError(outer.reason)
      if (signal.aborted) {
        const facts = { code: 'PEER_TIMEOUT', peerId, limitMs: timeoutMs } as const
        throw new NetError(facts, `Peer ${peerId} did not answer within ${timeoutMs} ms.`, { cause })
      }
      throw connectionFailed(peerId, cause)
    } finally {
      clear()
    }
    const response = decode(peerResponse, bytes, peerId)
    if (!response.ok) throw refusedBy(peerId, response.code, new TextDecoder().decode(response.payload))
    return response.payload
  }

  /** A stream for many messages each way. @throws PEER_UNREACHABLE */
  async line(connection: Connection, protocol: ProtocolId, signal: AbortSignal): Promise<Line> {
    const { requestTimeoutMs: frameMs } = this.#limits
    try {
      const opening = AbortSignal.any([signal, AbortSignal.timeout(frameMs)])
      const options = { signal: opening, maxOutboundStreams: MAX_OUTBOUND_STREAMS }
      const stream = await connection.newStream(protocol, options)
      return lineOn(stream, PROTOCOL_RULES[protocol].maxResponseBytes, frameMs, signal)
    } catch (cause) {
      throw connectionFailed(connection.remotePeer.toString(), cause)
    }
  }

  /** The streams of a protocol that this node keeps open on a connection; they end with it. */
  #streams(connection: Connection, protocol: ProtocolId): KeptStreams {
    const ofConnection = this.#kept.get(connection) ?? new Map<ProtocolId, KeptStreams>()
    this.#kept.set(connection, ofConnection)
    const known = ofConnection.get(protocol)
    if (known) return known
    const made = new KeptStreams({
      open: signal => connection.newStream(protocol, { signal, maxOutboundStreams: MAX_OUTBOUND_STREAMS }),
      maxResponseBytes: PROTOCOL_RULES[protocol].maxResponseBytes,
      idleMs: this.#limits.requestTimeoutMs / 2
    })
    ofConnection.set(protocol, made)
    return made
  }
}

const connectionFailed = (peerId: string, cause: unknown): NetError =>
  new NetError({ code: 'PEER_UNREACHABLE', peerId }, `The connection to peer ${peerId} failed.`, { cause })
