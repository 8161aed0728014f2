import type { KadDHT } from '@libp2p/kad-dht'
import type { Address } from '@enigma/protocol'
import { orAborted } from './deadline.ts'
import type { ContentProvider, Peer, PeerNetwork } from './peer-network.ts'
import { findProviders, provide, type Sought } from './routing.ts'

export interface LookUpsInit extends Pick<PeerNetwork, 'peerId' | 'peers' | 'onPeer'> {
  readonly dht: () => KadDHT | undefined // while the node runs
  /** Dials a peer that is said to have what is looked for. */
  readonly seek: (peerId: string, addresses: readonly string[]) => void
}

/** What this node asks the DHT, and tells it. */
export class LookUps {
  readonly #init: LookUpsInit

  constructor(init: LookUpsInit) {
    this.#init = init
  }

  async provide(sought: Sought, signal: AbortSignal): Promise<number> {
    const dht = this.#init.dht()
    return dht ? provide(dht, sought, signal) : 0
  }

  /** Peers that are said to have it. Each is dialled; when it is verified, it is one of `peers()`. */
  async *providers(sought: Sought, signal: AbortSignal): AsyncGenerator<ContentProvider> {
    const dht = this.#init.dht()
    if (!dht) return
    for await (const provider of findProviders(dht, sought, signal)) {
      if (provider.peerId === this.#init.peerId) continue
      this.#init.seek(provider.peerId, provider.addresses)
      yield provider
    }
  }

  /** The worker with this enclave, once it is connected; null if nobody knows where it is, or it does not come in time. */
  async meet(signer: Address, signal: AbortSignal): Promise<Peer | null> {
    const isIt = (peer: Peer): boolean => peer.role === 'worker' && peer.signer === signer
    const here = (): Peer | undefined => this.#init.peers().find(isIt)
    const met = Promise.withResolvers<void>()
    const unsubscribe = this.#init.onPeer(peer => void (isIt(peer) && met.resolve()))
    const looking = (async () => {
      let isKnown = here() !== undefined
      if (!isKnown) for await (const _ of this.providers(signer, signal)) isKnown = true
      if (isKnown && !here()) await met.promise
    })()
    looking.catch(() => undefined) // it may end after its time
    await orAborted(Promise.race([looking, met.promise]), signal).catch(() => undefined)
    unsubscribe()
    return here() ?? null
  }
}
