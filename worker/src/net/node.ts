import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p, type Libp2p } from 'libp2p'
import type { NetLimits } from './limits.ts'

export interface NodeInit {
  readonly identity: PrivateKey
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly limits: NetLimits
  readonly isBanned: (peerId: string) => boolean
}

/** Flow control per stream: nobody can make this node hold more of an unread stream than one message. */
const STREAM_WINDOW_BYTES = 1024 * 1024

/** A libp2p node over TCP, noise and yamux, not started. The ping service also ends connections that went silent. */
export function createNode({ identity, listen, announce, limits, isBanned }: NodeInit): Promise<Libp2p> {
  const banned = (peerId: PeerId): boolean => isBanned(peerId.toString())
  return createLibp2p({
    start: false,
    privateKey: identity,
    nodeInfo: { name: 'enigma', version: '1', userAgent: 'enigma/1' },
    addresses: { listen: [...listen], announce: [...announce] },
    transports: [
      tcp({ maxConnections: limits.maxConnections, listenOpts: { noDelay: true }, dialOpts: { noDelay: true } })
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
    connectionManager: {
      maxConnections: limits.maxConnections,
      inboundConnectionThreshold: limits.inboundPerSecond,
      maxIncomingPendingConnections: limits.maxPendingHandshakes,
      inboundUpgradeTimeout: limits.dialTimeoutMs,
      dialTimeout: limits.dialTimeoutMs,
      reconnectRetries: 0 // the dialer's business
    },
    connectionGater: {
      denyDialMultiaddr: () => false, // loopback and private addresses are what most networks of workers use
      denyInboundEncryptedConnection: banned,
      denyOutboundEncryptedConnection: banned
    },
    services: { identify: identify(), ping: ping() }
  })
}
