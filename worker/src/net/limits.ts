import {
  DeltaMethod,
  MAX_MESSAGE_BYTES,
  PeerProtocol,
  PrincipalMethod,
  RelayMethod,
  SnapshotMethod,
  syncChunk,
  syncRequest
} from '@enigma/protocol'
import type { PeerRole, ProtocolId } from './peer-network.ts'

/** Bounds of the peer network. Each has its reason; all can be set for tests. */
export interface NetLimits {
  /** Connections in all. A stream that is not read holds 256 KiB, and a peer may open eight per protocol. */
  readonly maxConnections: number
  /** Connections that have not proved who they are; more push out the oldest of them. */
  readonly maxUnverified: number
  /** New connections per second from one host. A devnet starts ten nodes on one host within a second. */
  readonly inboundPerSecond: number
  /** Handshakes (noise, yamux) under way at once: each costs a scalar multiplication before anyone is known. */
  readonly maxPendingHandshakes: number
  /** From a connection to a hello; without one the connection is closed. */
  readonly helloTimeoutMs: number
  /** How long a peer with a true hello may stay that the chain does not bear out; it may come again. A newcomer registers within it. */
  readonly strangerMs: number
  /** From the opening of a stream, or a later request's first byte, to the end of the answer; and how long a stream may be silent. */
  readonly requestTimeoutMs: number
  /** A conversation of many frames; each frame has the time of a request. */
  readonly lineLifeMs: number
  /** Dialling one address, handshake included. */
  readonly dialTimeoutMs: number
  /** Back-off of a redial: doubles from the first to the last and stays there, for ever. */
  readonly redialFirstMs: number
  readonly redialMostMs: number
  /** A connection that ends sooner counts as a failed attempt: one that is refused again and again is not made again at once. */
  readonly steadyMs: number
  /** Dials a second on average, and at once: a table of addresses that lead nowhere costs no more than this. */
  readonly dialsPerSecond: number
  readonly dialBurst: number
  /** Addresses kept of peers that are not connected. */
  readonly maxKnownPeers: number
  /** Connections this node seeks by itself: below it dials and asks for peers, for as long as it lives. Up to `maxConnections` others may come. */
  readonly wantedPeers: number
  /** A silent path is noticed after at most the sum of both: by the end that hears nothing, if it is silent in one direction only. */
  readonly pingEveryMs: number
  readonly pingTimeoutMs: number
  /** How often peers are asked for further peers. */
  readonly findPeersEveryMs: number
  /** Requests of one protocol that one peer may have open here at once. */
  readonly maxInboundStreams: number
  /** Penalty points at which a peer is sent away, and for how long. */
  readonly banPoints: number
  readonly banMs: number
}

export const DEFAULT_LIMITS: NetLimits = {
  maxConnections: 128,
  maxUnverified: 32,
  inboundPerSecond: 20,
  maxPendingHandshakes: 20,
  helloTimeoutMs: 5_000,
  strangerMs: 30 * 60 * 1000,
  requestTimeoutMs: 10_000,
  lineLifeMs: 10 * 60 * 1000,
  dialTimeoutMs: 5_000,
  redialFirstMs: 250,
  redialMostMs: 15_000,
  steadyMs: 5_000,
  dialsPerSecond: 10,
  dialBurst: 32,
  maxKnownPeers: 512,
  wantedPeers: 32,
  pingEveryMs: 5_000,
  pingTimeoutMs: 10_000,
  findPeersEveryMs: 15_000,
  maxInboundStreams: 8,
  banPoints: 100,
  banMs: 60 * 60 * 1000
}

export interface MethodRule {
  readonly perSecond: number
  readonly burst: number
}

/** What one protocol costs and who may use it. */
export interface ProtocolRule {
  /** Largest request, PeerRequest header included: checked before anything is allocated. */
  readonly maxRequestBytes: number
  readonly maxResponseBytes: number
  /** Token bucket per peer over all methods: requests a second, and how many may come at once. Checked before a request is read. */
  readonly perSecond: number
  readonly burst: number
  /** The same per peer and method, for those that cost more than the others; checked before the handler is called. */
  readonly methods?: Readonly<Record<number, MethodRule>>
  /** Roles that are answered. A peer that is not verified is answered nothing but hello. */
  readonly roles: readonly PeerRole[]
}

const SMALL = 4 * 1024
const FULL = MAX_MESSAGE_BYTES

export const PROTOCOL_RULES: Readonly<Record<ProtocolId, ProtocolRule>> = {
  [PeerProtocol.hello]: { maxRequestBytes: SMALL, maxResponseBytes: SMALL, perSecond: 1, burst: 10, roles: [] },
  [PeerProtocol.findPeers]: {
    maxRequestBytes: 64,
    maxResponseBytes: 256 * 1024,
    perSecond: 1,
    burst: 10,
    roles: ['worker', 'principal', 'bootstrap']
  },
  [PeerProtocol.encryptionKeys]: {
    maxRequestBytes: 64 * 1024,
    maxResponseBytes: 64 * 1024,
    perSecond: 20,
    burst: 100,
    roles: ['worker']
  },
  [PeerProtocol.taskRelay]: {
    maxRequestBytes: FULL,
    maxResponseBytes: 128 * 1024,
    perSecond: 200,
    burst: 400,
    methods: {
      [RelayMethod.deliver]: { perSecond: 150, burst: 400 },
      [RelayMethod.status]: { perSecond: 150, burst: 300 },
      [RelayMethod.result]: { perSecond: 100, burst: 200 }
    },
    roles: ['worker']
  },
  [PeerProtocol.delta]: {
    maxRequestBytes: FULL,
    maxResponseBytes: SMALL,
    perSecond: 200,
    burst: 800,
    methods: {
      [DeltaMethod.pushBytecode]: { perSecond: 20, burst: 200 }
    },
    roles: ['worker']
  },
  // A request may name 256 contents and its answer last for minutes: only so many streams at once (maxInboundStreams).
  [PeerProtocol.sync]: {
    maxRequestBytes: syncRequest.maxBytes,
    maxResponseBytes: syncChunk.maxBytes,
    perSecond: 20,
    burst: 100,
    roles: ['worker']
  },
  [PeerProtocol.principal]: {
    maxRequestBytes: 128 * 1024,
    maxResponseBytes: FULL,
    perSecond: 200,
    burst: 400,
    methods: {
      [PrincipalMethod.info]: { perSecond: 10, burst: 50 }
    },
    roles: ['worker']
  },
  [PeerProtocol.query]: {
    maxRequestBytes: 128 * 1024,
    maxResponseBytes: 192 * 1024,
    perSecond: 50,
    burst: 100,
    roles: ['worker']
  },
  [PeerProtocol.snapshot]: {
    maxRequestBytes: SMALL,
    maxResponseBytes: FULL,
    perSecond: 100,
    burst: 200,
    methods: {
      [SnapshotMethod.newest]: { perSecond: 50, burst: 100 }
    },
    roles: ['worker']
  }
}
