import type { Address, PeerProtocol, ScAddr } from '@enigma/protocol'

export type PeerRole = 'worker' | 'principal' | 'bootstrap'

/** A connected peer whose hello was verified against the chain. */
export interface Peer {
  readonly peerId: string
  readonly role: PeerRole
  readonly operator: Address
  readonly signer: Address // of its enclave; 0 for a bootstrap
  readonly addresses: readonly string[] // multiaddrs it listens on, each ending in /p2p/<peerId>
}

export type ProtocolId = (typeof PeerProtocol)[keyof typeof PeerProtocol]

/** Answers one request of a verified peer. What it throws crosses as its code (an EnigmaError's) or as INTERNAL. */
export type PeerHandler = (payload: Uint8Array, from: Peer, signal: AbortSignal) => Promise<Uint8Array>

/** A conversation of many frames on one stream. Every frame has a size and a time limit; one that fails ends the stream. */
export interface Line {
  read(): Promise<Uint8Array>
  /** Resolves when the other end has room for more: a slow reader slows its writer, up to the time limit. */
  write(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
  abort(err: Error): void
}
export type LineHandler = (line: Line, from: Peer, signal: AbortSignal) => Promise<void>

export interface RequestOptions {
  /** From opening the stream to the last byte of the answer. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** What a peer can be charged with; enough of it and it is sent away for an hour. */
export type Misdeed = 'impostor' | 'malformed' | 'wrong-content' | 'wrong-gossip'

/** Authenticated request and response between nodes. docs/spec/peer-protocols.md */
export interface PeerNetwork {
  readonly peerId: string
  /** Where this node listens, with its peer id; known after start. */
  multiaddrs(): readonly string[]
  /** Verified peers that are connected now. */
  peers(): readonly Peer[]
  /**
   * One request, one response.
   *
   * @throws NetError: PEER_UNREACHABLE, PEER_TIMEOUT, PEER_MALFORMED, or PEER_REFUSED with the peer's own code in `facts.peerCode`.
   */
  request(
    peer: Pick<Peer, 'peerId'>,
    protocol: ProtocolId,
    method: number,
    payload: Uint8Array,
    options?: RequestOptions
  ): Promise<Uint8Array>
  /** Serves a protocol: method number to handler. Call before start. A method without a handler is answered PEER_UNKNOWN_METHOD. */
  handle(protocol: ProtocolId, handlers: Readonly<Record<number, PeerHandler>>): void
  /** Opens a line to a protocol of many frames; the signal ends it. @throws PEER_UNREACHABLE */
  line(peer: Pick<Peer, 'peerId'>, protocol: ProtocolId, signal: AbortSignal): Promise<Line>
  /** Serves such a protocol. Call before start. */
  handleLine(protocol: ProtocolId, handler: LineHandler): void
  /** Calls back for each peer that becomes verified; returns the way to stop that. */
  onPeer(callback: (peer: Peer) => void): () => void
  /** Charges a peer: content that does not have the hash it must have is nobody else's fault. */
  penalise(peerId: string, misdeed: Misdeed): void
  start(): Promise<void>
  stop(): Promise<void>
}

/** A peer that claims to hold a contract. */
export interface ContentProvider {
  readonly peerId: string
  readonly addresses: readonly string[]
}

/** Who has which contract, told through the DHT to peers of peers. docs/spec/peer-protocols.md */
export interface ContentRouting {
  /** Tells the peers closest to the contract that this node has it. @returns how many took it; 0 while it is alone. */
  provide(scAddr: ScAddr, signal: AbortSignal): Promise<number>
  /** Peers that are said to hold it: claims, which its hashes must bear out. Each is dialled as it is found. */
  providers(scAddr: ScAddr, signal: AbortSignal): AsyncIterable<ContentProvider>
}

/** What becomes of a message that a peer told: it goes on, it does not, or it also costs the peer points. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'
export type GossipJudge = (data: Uint8Array, from: string) => Promise<GossipVerdict>

/** Finds the workers that this node has to talk to itself, in a network that is too large to be connected to everybody. */
export interface Meeting {
  /** Tells the peers closest to its enclave's signer that it is this node. @returns how many took it. */
  present(signer: Address, signal: AbortSignal): Promise<number>
  /** The worker with this enclave, once it is connected; null if nobody knows where it is, or it does not come in time. */
  meet(signer: Address, signal: AbortSignal): Promise<Peer | null>
}

/** Results told from peer to peer. docs/spec/peer-protocols.md */
export interface Gossip {
  /** Tells all neighbours. @returns how many. */
  publish(data: Uint8Array): Promise<number>
  /** Neighbours that listen. */
  listeners(): number
  /** Listens from the start on; without it the node takes no part. Call before start. */
  judgeGossip(judge: GossipJudge): void
}
