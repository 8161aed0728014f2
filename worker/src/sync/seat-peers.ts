import type { Address } from '@enigma/protocol'
import { NetError } from '../net/errors.ts'
import type { Meeting, Peer, PeerNetwork } from '../net/peer-network.ts'

export type SeatNetwork = Pick<PeerNetwork, 'peers'> & Partial<Pick<Meeting, 'meet'>>

/** For the DHT to say where a seat holder is, and to connect to it. */
const MEETING_MS = 3_000
/** Who did not come is not looked for again before: a worker that is down is asked for with every task of its contracts. */
const AGAIN_MS = 10_000
const MAX_MISSED = 1_024

/** The workers behind the seats, by their enclaves' signers. */
export class SeatPeers {
  readonly #network: SeatNetwork
  readonly #limits: { readonly meetingMs: number; readonly againMs: number }
  readonly #underWay = new Map<Address, Promise<Peer | null>>()
  readonly #missed = new Map<Address, number>()

  constructor(network: SeatNetwork, limits: { readonly meetingMs?: number; readonly againMs?: number } = {}) {
    this.#network = network
    this.#limits = { meetingMs: MEETING_MS, againMs: AGAIN_MS, ...limits }
  }

  /** The worker with this enclave, if it is connected. */
  here(signer: Address): Peer | undefined {
    return this.#network.peers().find(peer => peer.role === 'worker' && peer.signer === signer)
  }

  /** The same; one that is not connected is looked up and dialled. @throws PEER_UNREACHABLE */
  async meet(signer: Address): Promise<Peer> {
    const found = this.here(signer) ?? (await this.#lookFor(signer))
    if (found) return found
    throw new NetError({ code: 'PEER_UNREACHABLE', peerId: signer }, `The seat holder ${signer} is not connected.`)
  }

  #lookFor(signer: Address): Promise<Peer | null> {
    const { meetingMs, againMs } = this.#limits
    const missedAt = this.#missed.get(signer)
    if (!this.#network.meet || (missedAt !== undefined && performance.now() - missedAt < againMs))
      return Promise.resolve(null)
    const known = this.#underWay.get(signer)
    if (known) return known
    const meeting = this.#network
      .meet(signer, AbortSignal.timeout(meetingMs))
      .then(found => {
        if (!found) this.#miss(signer)
        return found
      })
      .finally(() => this.#underWay.delete(signer))
    this.#underWay.set(signer, meeting)
    return meeting
  }

  #miss(signer: Address): void {
    this.#missed.delete(signer)
    this.#missed.set(signer, performance.now())
    if (this.#missed.size > MAX_MISSED) this.#missed.delete(this.#missed.keys().next().value!)
  }
}
