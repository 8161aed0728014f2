import type { Admission } from './admission.ts'
import { orAborted } from './deadline.ts'
import { NetError } from './errors.ts'
import { PROTOCOL_RULES, type MethodRule } from './limits.ts'
import type { Peer, ProtocolId } from './peer-network.ts'
import type { Quota } from './quota.ts'

/** Who may ask this node, for what, and how often. */
export class Callers {
  readonly #admission: Admission
  readonly #quota: Quota

  constructor(admission: Admission, quota: Quota) {
    this.#admission = admission
    this.#quota = quota
  }

  /** @throws PEER_NOT_VERIFIED, PEER_NOT_ALLOWED, PEER_BUSY */
  async admit(protocol: ProtocolId, peerId: string, signal: AbortSignal): Promise<Peer> {
    const peer = await this.peerOf(peerId, signal)
    const { roles, perSecond, burst } = PROTOCOL_RULES[protocol]
    if (!roles.includes(peer.role)) {
      throw new NetError(
        { code: 'PEER_NOT_ALLOWED', peerId, role: peer.role },
        `${protocol} is not for a ${peer.role}.`
      )
    }
    this.#take(protocol, peerId, { perSecond, burst }, protocol)
    return peer
  }

  /** Once the request has been read. @throws PEER_BUSY */
  admitMethod(protocol: ProtocolId, method: number, peerId: string): void {
    const rule = PROTOCOL_RULES[protocol].methods?.[method]
    if (rule) this.#take(`${protocol}#${method}`, peerId, rule, `method ${method} of ${protocol}`)
  }

  #take(bucket: string, peerId: string, { perSecond, burst }: MethodRule, what: string): void {
    if (this.#quota.take(`${bucket} ${peerId}`, perSecond, burst)) return
    throw new NetError({ code: 'PEER_BUSY', peerId }, `Too many requests of ${what}; ask again in a second.`)
  }

  /**
   * A request may overtake the hello that goes the other way on the same connection: wait for it, not for ever.
   *
   * @throws PEER_NOT_VERIFIED, and the reason of `signal`
   */
  async peerOf(peerId: string, signal: AbortSignal): Promise<Peer> {
    const session = this.#admission.sessions.get(peerId)
    if (session && !session.hello) await orAborted(session.introduced, signal)
    const peer = this.#admission.sessions.verifiedPeer(peerId)
    if (!peer) {
      throw new NetError(
        { code: 'PEER_NOT_VERIFIED', peerId },
        'This node cannot find you on its chain; it answers registered workers and the principal.'
      )
    }
    return peer
  }
}
