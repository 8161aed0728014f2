import type { Connection, Stream } from '@libp2p/interface'
import { PeerProtocol, asError, peerRequest, peerResponse, printable } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import type { Admission } from './admission.ts'
import { decode } from './decode.ts'
import { decidingCode } from './errors.ts'
import { answerOn, tie } from './frames.ts'
import { makeHello, readHello, type HelloIdentity } from './hello.ts'
import { PROTOCOL_RULES, type NetLimits } from './limits.ts'
import type { Quota } from './quota.ts'
import { errorResponse } from './responder.ts'

export interface IntroductionsInit {
  readonly peerId: string
  readonly self: HelloIdentity
  readonly addresses: () => readonly string[]
  readonly limits: NetLimits
  readonly quota: Quota
  readonly admission: Admission
  readonly log: Logger
  /** One hello on a connection; resolves with the other side's. */
  readonly exchange: (connection: Connection, payload: Uint8Array, timeoutMs: number) => Promise<Uint8Array>
  readonly isConnected: (peerId: string) => boolean
  readonly disconnect: (peerId: string) => void
  /** The connection was of no use: the dialer waits before its next attempt. */
  readonly failed: (peerId: string) => void
  readonly penaliseImpostor: (peerId: string) => void
}

/** How connections begin: the dialling side says hello first, the other side has a few seconds to hear one. */
export class Introductions {
  readonly #init: IntroductionsInit

  constructor(init: IntroductionsInit) {
    this.#init = init
  }

  opened(connection: Connection): void {
    const { admission, limits, isConnected, disconnect } = this.#init
    const { sessions } = admission
    const peerId = connection.remotePeer.toString()
    if (!isConnected(peerId)) return // told late: it has ended already
    const session = sessions.open(peerId)
    if (connection.direction === 'outbound') void this.#say(connection)
    const timer = setTimeout(() => {
      if (!session.hello && sessions.get(peerId) === session) disconnect(peerId)
    }, limits.helloTimeoutMs)
    timer.unref()
    void session.introduced.then(() => clearTimeout(timer))
    const strangers = sessions.unverified()
    const oldest = strangers.find(other => other !== session)
    if (strangers.length > limits.maxUnverified && oldest) disconnect(oldest.peerId)
  }

  /** Answers a hello with this node's own. */
  async answer(stream: Stream, connection: Connection): Promise<void> {
    const { limits, quota, disconnect } = this.#init
    const peerId = connection.remotePeer.toString()
    const rule = PROTOCOL_RULES[PeerProtocol.hello]
    const signal = AbortSignal.timeout(limits.helloTimeoutMs)
    let refused = false
    tie(stream, signal)
    try {
      if (!quota.take(`hello ${peerId}`, rule.perSecond, rule.burst)) throw new Error('too many hellos')
      await answerOn(stream, rule.maxRequestBytes, signal, async request => {
        try {
          this.#hear(decode(peerRequest, request, peerId).payload, peerId)
          return peerResponse.encode({ ok: true, code: '', payload: this.#hello() })
        } catch (err) {
          refused = true
          return errorResponse(err)
        }
      })
      if (refused) disconnect(peerId)
    } catch {
      disconnect(peerId)
    }
  }

  #hello(): Uint8Array {
    const { self, peerId, addresses } = this.#init
    return makeHello(self, peerId, addresses())
  }

  async #say(connection: Connection): Promise<void> {
    const { limits, log, exchange, failed, disconnect } = this.#init
    const peerId = connection.remotePeer.toString()
    try {
      this.#hear(await exchange(connection, this.#hello(), limits.helloTimeoutMs), peerId)
    } catch (err) {
      const error = printable(asError(err).message)
      log.debug('Hello failed', { peer: peerId, code: decidingCode(err), error })
      failed(peerId)
      disconnect(peerId)
    }
  }

  /** @throws PEER_OTHER_NETWORK, PEER_IMPOSTOR, PEER_MALFORMED */
  #hear(bytes: Uint8Array, peerId: string): void {
    const { self, admission, isConnected, penaliseImpostor } = this.#init
    try {
      const hello = readHello(bytes, self.domain, peerId)
      if (isConnected(peerId)) admission.hear(hello)
    } catch (err) {
      if (decidingCode(err) === 'PEER_IMPOSTOR') penaliseImpostor(peerId)
      throw err
    }
  }
}
