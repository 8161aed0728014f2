import type { FindPeersResponse } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { ownerOf, usableAddresses } from './addresses.ts'
import { ask, findPeersCalls, serve } from './calls.ts'
import type { Peer, PeerNetwork } from './peer-network.ts'
import { decidingCode } from './errors.ts'

const MAX_TOLD = 64
/** Between questions to one that refused, as it does until it sees this node registered. */
const RETRY_MS = 1_500
/** Refusals remembered: one for each peer that is connected would do. */
const MAX_UNANSWERED = 256
/** Time to the first question after those that new peers are asked; it doubles up to `everyMs`. */
const FIRST_MS = 500

export interface FindPeersInit {
  readonly network: PeerNetwork
  readonly everyMs: number
  readonly hasEnough: () => boolean
  /** Takes the addresses of a peer that another one told of. */
  readonly learn: (peerId: string, addresses: readonly string[]) => void
  readonly log: Logger
}

/** Tells verified peers of each other: asks each new one, and one at random from time to time while there are too few. */
export function findPeers({ network, everyMs, hasEnough, learn, log }: FindPeersInit): {
  start(): void
  stop(): void
} {
  serve(network, findPeersCalls, {
    find: ({ max }, from) => Promise.resolve(tell(network.peers(), from, Math.min(max, MAX_TOLD)))
  })
  const unanswered = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let retry: NodeJS.Timeout | undefined
  let unsubscribe = (): void => {}

  async function askFor(peer: Peer): Promise<void> {
    unanswered.delete(peer.peerId)
    try {
      const { peers } = await ask(network, peer, findPeersCalls.find, { max: MAX_TOLD })
      for (const { addresses } of peers) {
        const peerId = ownerOf(addresses)
        if (peerId !== null) learn(peerId, usableAddresses(addresses, peerId))
      }
    } catch (err) {
      if (unanswered.size < MAX_UNANSWERED) unanswered.add(peer.peerId)
      log.debug('A peer did not tell of others', { peer: peer.peerId, code: decidingCode(err) })
    }
  }

  /** Nodes of a network that starts together do not know each other yet when they are first asked, so the next times come soon. */
  function again(waitMs: number): void {
    timer = setTimeout(() => {
      const known = network.peers()
      const peer = known[Math.floor(Math.random() * known.length)]
      if (peer && !hasEnough()) void askFor(peer)
      again(Math.min(2 * waitMs, everyMs))
    }, waitMs)
  }

  return {
    start() {
      unsubscribe = network.onPeer(peer => void askFor(peer))
      again(Math.min(FIRST_MS, everyMs))
      retry = setInterval(() => {
        for (const peer of network.peers()) if (unanswered.has(peer.peerId)) void askFor(peer)
      }, RETRY_MS)
    },
    stop() {
      unsubscribe()
      clearTimeout(timer)
      clearInterval(retry)
    }
  }
}

/** Peers other than the one that asks, in no order. */
function tell(peers: readonly Peer[], asker: Peer, max: number): FindPeersResponse {
  const others = peers.filter(peer => peer.peerId !== asker.peerId && peer.addresses.length > 0)
  const shuffled = others
    .map(peer => ({ peer, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ peer }) => ({ addresses: peer.addresses }))
  return { peers: shuffled.slice(0, max) }
}
