import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import { identify, type Identify } from '@libp2p/identify'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ping, type Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { isDialable } from './addresses.ts'
import { boundedWebSockets } from './bounded-web-sockets.ts'
import { LastHeard, PING_STREAMS, startHeartbeat } from './heartbeat.ts'
import type { NetLimits } from './limits.ts'
import { guardedConnections, guardedNoise, guardedYamux } from './opening-guard.ts'
import { RecordStore } from './record-store.ts'

export interface NodeInit {
  readonly identity: PrivateKey
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly limits: NetLimits
  readonly isBanned: (peerId: string) => boolean
  /** Told of every address that is about to be tried, for whatever reason. */
  readonly onAddress?: () => void
  readonly routing: (components: KadDHTComponents) => KadDHT
  readonly gossip: (components: GossipSubComponents) => GossipSub
}

export type Node = Libp2p<{ identify: Identify; ping: Ping; dht: KadDHT; pubsub: GossipSub }>

/**
 * Flow control per stream: what a node may have to hold of a stream that it does not read, and what a cut may lose of one that it
 * reads. At 50 ms it still lets 5 MB a second through each stream.
 */
export const STREAM_WINDOW_BYTES = 256 * 1024

/** Streams of one connection, of all protocols, also those whose protocol is not named yet: what the limits of each add up to, and some. */
const MAX_STREAMS = 256

/** A libp2p node over TCP and WebSocket, noise and yamux, not started. */
export async function createNode(init: NodeInit): Promise<Node> {
  const { identity, listen, announce, limits, isBanned, onAddress, routing, gossip } = init
  const banned = (peerId: PeerId): boolean => isBanned(peerId.toString())
  const heard = new LastHeard()
  const node = await createLibp2p({
    start: false,
    privateKey: identity,
    nodeInfo: { name: 'enigma', version: '1', userAgent: 'enigma/1' },
    addresses: { listen: [...listen], announce: [...announce] },
    datastore: new RecordStore({ own: peerIdFromPrivateKey(identity).toString() }),
    transports: [
      tcp({ maxConnections: limits.maxConnections, listenOpts: { noDelay: true }, dialOpts: { noDelay: true } }),
      boundedWebSockets({ maxConnections: limits.maxConnections, openingMs: limits.dialTimeoutMs })
    ],
    connectionProtector: () => guardedConnections(heard),
    connectionEncrypters: [guardedNoise()],
    streamMuxers: [
      guardedYamux({ maxInboundStreams: MAX_STREAMS, streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })
    ],
    connectionManager: {
      maxConnections: limits.maxConnections,
      inboundConnectionThreshold: limits.inboundPerSecond,
      maxIncomingPendingConnections: limits.maxPendingHandshakes,
      inboundUpgradeTimeout: limits.dialTimeoutMs,
      dialTimeout: limits.dialTimeoutMs,
      reconnectRetries: 0 // the dialer's business
    },
    connectionMonitor: { enabled: false }, // heartbeat.ts
    connectionGater: {
      // Loopback and private addresses are what most networks of workers use; what is no transport of ours is not tried.
      denyDialMultiaddr(address: Multiaddr) {
        if (!isDialable(address)) return true
        onAddress?.()
        return false
      },
      denyInboundEncryptedConnection: banned,
      denyOutboundEncryptedConnection: banned
    },
    services: {
      identify: identify({ timeout: limits.dialTimeoutMs }),
      ping: ping({ maxInboundStreams: PING_STREAMS, maxOutboundStreams: PING_STREAMS }),
      dht: routing,
      pubsub: gossip
    }
  })
  const { pingEveryMs: everyMs, pingTimeoutMs: timeoutMs } = limits
  let stop = (): void => undefined
  node.addEventListener('start', () => {
    stop = startHeartbeat({ connections: () => node.getConnections(), heard, everyMs, timeoutMs })
  })
  node.addEventListener('stop', () => stop())
  return node
}
