import type { Connection, PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { PeerProtocol, RESULTS_TOPIC, asError, type Address, type ScAddr } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { usableAddresses } from './addresses.ts'
import { Admission } from './admission.ts'
import { answerPeers } from './answer-peers.ts'
import type { PeerAuthority } from './authority.ts'
import { Callers } from './callers.ts'
import { Dialer, type KnownPeer } from './dialer.ts'
import { NetError } from './errors.ts'
import { findPeers } from './find-peers.ts'
import { Gate } from './gate.ts'
import { gossip, listenTo } from './gossip.ts'
import type { HelloIdentity } from './hello.ts'
import { Introductions } from './introductions.ts'
import { DEFAULT_LIMITS, type NetLimits } from './limits.ts'
import { createNode, type Node } from './node.ts'
import type {
  ContentProvider,
  ContentRouting,
  Gossip,
  GossipJudge,
  Line,
  LineHandler,
  Meeting,
  Misdeed,
  Peer,
  PeerHandler,
  PeerNetwork,
  PeerRole,
  ProtocolId,
  RequestOptions
} from './peer-network.ts'
import { LookUps } from './look-ups.ts'
import { Quota } from './quota.ts'
import { Reputation } from './reputation.ts'
import { Requests } from './requests.ts'
import { routing, withPeerId } from './routing.ts'

export interface Libp2pNetworkInit {
  readonly identity: PrivateKey
  /** Multiaddrs to listen on; loopback unless told otherwise. */
  readonly listen?: readonly string[]
  /** Addresses to tell others in place of those. */
  readonly announce?: readonly string[]
  /** Nodes to dial first, and for ever. */
  readonly bootstrap?: readonly string[]
  readonly self: HelloIdentity
  /** A role without which this node can do nothing: however many peers it has, it looks for one of those. */
  readonly seeks?: PeerRole
  readonly authority: PeerAuthority
  readonly log: Logger
  readonly limits?: Partial<NetLimits>
  /** Told of each attempt to reach a peer, and of each address that is tried for it or by a protocol of the library. */
  readonly count?: (what: 'peer_dials' | 'peer_dial_addresses') => void
  /** Peers that were verified before the last stop, and where to note new ones. */
  readonly book?: { readonly known: readonly KnownPeer[]; readonly note: (peer: KnownPeer) => void }
}

/** How long a session may outlive its connection when the events of the two come in the wrong order. */
const SWEEP_MS = 1_000

/** Points of 100 that a misdeed costs; they halve every ten minutes. */
const POINTS: Readonly<Record<Misdeed, number>> = {
  impostor: 100,
  malformed: 26,
  'wrong-content': 34,
  'wrong-gossip': 100
}

/**
 * Authenticated peers over libp2p: who connects says hello, the chain bears it out or not, and only then is anything
 * else answered. docs/spec/peer-protocols.md
 */
export class Libp2pNetwork implements PeerNetwork, ContentRouting, Meeting, Gossip {
  readonly peerId: string
  readonly #init: Libp2pNetworkInit
  readonly #limits: NetLimits
  readonly #admission: Admission
  readonly #quota = new Quota()
  readonly #reputation: Reputation
  readonly #introductions: Introductions
  readonly #dialer: Dialer
  readonly #finder: { start(): void; stop(): void }
  readonly #handlers = new Map<ProtocolId, Readonly<Record<number, PeerHandler>>>()
  readonly #lineHandlers = new Map<ProtocolId, LineHandler>()
  readonly #listeners = new Set<(peer: Peer) => void>()
  readonly #gate: Gate
  readonly #callers: Callers
  readonly #requests: Requests
  readonly #lookUps: LookUps
  #node: Node | null = null
  #judge: GossipJudge | null = null
  #stops: (() => void)[] = []

  constructor(init: Libp2pNetworkInit) {
    this.#init = init
    this.#limits = { ...DEFAULT_LIMITS, ...init.limits }
    this.peerId = peerIdFromPrivateKey(init.identity).toString()
    this.#reputation = new Reputation(this.#limits)
    this.#admission = new Admission({
      authority: init.authority,
      log: init.log,
      disconnect: peerId => this.#disconnect(peerId),
      onVerified: peer => this.#verified(peer)
    })
    this.#callers = new Callers(this.#admission, this.#quota)
    this.#requests = new Requests(this.#limits)
    this.#introductions = new Introductions({
      peerId: this.peerId,
      self: init.self,
      addresses: () => this.multiaddrs(),
      limits: this.#limits,
      quota: this.#quota,
      admission: this.#admission,
      log: init.log,
      exchange: (connection, payload, timeoutMs) =>
        this.#requests.ask(connection, { protocol: PeerProtocol.hello, method: 0, payload, timeoutMs }),
      isConnected: peerId => this.#isConnected(peerId),
      disconnect: peerId => this.#disconnect(peerId),
      failed: peerId => this.#dialer.failed(peerId),
      penaliseImpostor: peerId => this.penalise(peerId, 'impostor')
    })
    this.#gate = new Gate({
      log: init.log,
      quota: this.#quota,
      peerOf: (peerId, signal) => this.#callers.peerOf(peerId, signal),
      isVerified: peerId => this.#isVerified(peerId),
      isConnected: peerId => this.#isConnected(peerId),
      timeoutMs: this.#limits.helloTimeoutMs,
      strangerMs: this.#limits.strangerMs,
      disconnect: peerId => this.#disconnect(peerId)
    })
    this.#dialer = new Dialer({
      self: this.peerId,
      bootstrap: init.bootstrap ?? [],
      known: init.book?.known ?? [],
      limits: this.#limits,
      isBanned: peerId => this.#reputation.isBanned(peerId),
      isConnected: peerId => this.#isConnected(peerId),
      hasEnough: () => this.#hasEnough(),
      onDial: () => init.count?.('peer_dials'),
      dial: (addresses, signal) => this.#dial(addresses, signal)
    })
    this.#lookUps = new LookUps({
      peerId: this.peerId,
      dht: () => this.#node?.services.dht,
      seek: (peerId, addresses) => this.#dialer.seek(peerId, usableAddresses(addresses, peerId)),
      peers: () => this.peers(),
      onPeer: callback => this.onPeer(callback)
    })
    this.#finder = findPeers({
      network: this,
      everyMs: this.#limits.findPeersEveryMs,
      hasEnough: () => this.#hasEnough(),
      learn: (peerId, addresses) => this.#heardOf(peerId, addresses),
      log: init.log
    })
  }

  multiaddrs(): readonly string[] {
    return this.#node?.getMultiaddrs().map(String) ?? []
  }

  peers(): readonly Peer[] {
    return this.#admission.sessions.verified()
  }

  onPeer(callback: (peer: Peer) => void): () => void {
    this.#listeners.add(callback)
    return () => void this.#listeners.delete(callback)
  }

  handle(protocol: ProtocolId, handlers: Readonly<Record<number, PeerHandler>>): void {
    this.#handlers.set(protocol, handlers)
  }

  handleLine(protocol: ProtocolId, handler: LineHandler): void {
    this.#lineHandlers.set(protocol, handler)
  }

  async line({ peerId }: Pick<Peer, 'peerId'>, protocol: ProtocolId, signal: AbortSignal): Promise<Line> {
    if (!this.#isVerified(peerId)) throw unreachable(peerId)
    return this.#requests.line(this.#connectionTo(peerId), protocol, signal)
  }

  penalise(peerId: string, misdeed: Misdeed): void {
    this.#init.log.warn('A peer misbehaved', { peer: peerId, misdeed })
    if (!this.#reputation.penalise(peerId, POINTS[misdeed])) return
    this.#init.log.warn('A peer was sent away', { peer: peerId, forMs: this.#limits.banMs })
    this.#disconnect(peerId)
  }

  /** @throws NET_ADDRESS if it cannot listen. */
  async start(): Promise<void> {
    const { identity, listen = ['/ip4/127.0.0.1/tcp/0'], announce = [], authority, log } = this.#init
    const isBanned = (peerId: string): boolean => this.#reputation.isBanned(peerId)
    const dht = routing({ gate: this.#gate, isVerified: peerId => this.#isVerified(peerId) })
    const node = await createNode({
      identity,
      listen,
      announce,
      limits: this.#limits,
      isBanned,
      onAddress: () => this.#init.count?.('peer_dial_addresses'),
      routing: dht,
      gossip: gossip(this.#gate)
    })
    await answerPeers(node, {
      hello: (stream, connection) => this.#introductions.answer(stream, connection),
      handlers: this.#handlers,
      lineHandlers: this.#lineHandlers,
      callers: this.#callers,
      limits: this.#limits,
      penaliseMalformed: peerId => this.penalise(peerId, 'malformed'),
      log
    })
    node.addEventListener('connection:open', event => this.#introductions.opened(event.detail))
    node.addEventListener('peer:disconnect', event => this.#closed(event.detail))
    node.addEventListener('peer:discovery', ({ detail }) => this.#heardOf(detail.id.toString(), withPeerId(detail)))
    this.#node = node
    try {
      await node.start()
    } catch (cause) {
      this.#node = null
      await node.stop()
      const address = listen.join(', ')
      throw new NetError({ code: 'NET_ADDRESS', address }, `The node cannot listen on ${address}.`, {
        hint: 'Another program may have the port; choose another one.',
        cause
      })
    }
    if (this.#judge) listenTo(node.services.pubsub, this.#charging(this.#judge))
    const sweep = setInterval(() => this.#sweep(), SWEEP_MS)
    this.#stops = [authority.onChange(() => this.#admission.reconsider()), () => clearInterval(sweep)]
    this.#finder.start()
    this.#dialer.start()
    log.info('Peer network up', { peer: this.peerId, addresses: this.multiaddrs().join(' ') })
  }

  async stop(): Promise<void> {
    this.#finder.stop()
    await this.#dialer.stop()
    for (const stop of this.#stops.splice(0)) stop()
    const node = this.#node
    this.#node = null
    await node?.stop()
  }

  async request(
    { peerId }: Pick<Peer, 'peerId'>,
    protocol: ProtocolId,
    method: number,
    payload: Uint8Array,
    { timeoutMs = this.#limits.requestTimeoutMs, signal }: RequestOptions = {}
  ): Promise<Uint8Array> {
    if (!this.#isVerified(peerId)) throw unreachable(peerId)
    return this.#requests.ask(this.#connectionTo(peerId), { protocol, method, payload, timeoutMs, signal })
  }

  judgeGossip(judge: GossipJudge): void {
    this.#judge = judge
  }

  async publish(data: Uint8Array): Promise<number> {
    const pubsub = this.#node?.services.pubsub
    return pubsub ? (await pubsub.publish(RESULTS_TOPIC, data)).recipients.length : 0
  }

  listeners(): number {
    return this.#node?.services.pubsub.getSubscribers(RESULTS_TOPIC).length ?? 0
  }

  #charging(judge: GossipJudge): GossipJudge {
    return async (data, from) => {
      if (!this.#isVerified(from)) return 'ignore' // it was when its stream opened
      const verdict = await judge(data, from)
      // Rejected is only what no honest peer can have passed on, and gossipsub may not listen to a second one: once is enough.
      if (verdict === 'reject') this.penalise(from, 'wrong-gossip')
      return verdict
    }
  }

  provide(scAddr: ScAddr, signal: AbortSignal): Promise<number> {
    return this.#lookUps.provide(scAddr, signal)
  }
  providers(scAddr: ScAddr, signal: AbortSignal): AsyncGenerator<ContentProvider> {
    return this.#lookUps.providers(scAddr, signal)
  }
  present(signer: Address, signal: AbortSignal): Promise<number> {
    return this.#lookUps.provide(signer, signal)
  }
  meet(signer: Address, signal: AbortSignal): Promise<Peer | null> {
    return this.#lookUps.meet(signer, signal)
  }

  /** Verified peers alone count, not strangers: whoever makes some would else keep this node from everybody whom it does not know yet. */
  #hasEnough(): boolean {
    const { wantedPeers, maxConnections } = this.#limits
    const { seeks } = this.#init
    const peers = this.peers()
    if (peers.length < wantedPeers) return false
    return seeks === undefined || peers.length >= maxConnections / 2 || peers.some(({ role }) => role === seeks)
  }

  #heardOf(peerId: string, addresses: readonly string[]): void {
    this.#dialer.learnHearsay(peerId, usableAddresses(addresses, peerId))
  }

  #isVerified(peerId: string): boolean {
    return this.#admission.sessions.verifiedPeer(peerId) !== null
  }

  #openConnection(peerId: string): Connection | undefined {
    const connections = this.#node?.getConnections(peerIdFromString(peerId)) ?? []
    return connections.find(connection => connection.status === 'open')
  }

  #isConnected(peerId: string): boolean {
    return this.#openConnection(peerId) !== undefined
  }

  /**
   * Ends sessions without a connection: on a busy machine the end of a connection can be told before its beginning, or
   * before a hello that was still being read, and a peer that seems connected is never dialled again. And has streams of gossip that ended
   * made anew.
   */
  #sweep(): void {
    for (const { peerId } of this.#admission.sessions.all()) {
      if (!this.#isConnected(peerId)) this.#admission.sessions.close(peerId)
    }
    this.#gate.renew(peerId => this.#openConnection(peerId))
  }

  #connectionTo(peerId: string): Connection {
    const connection = this.#openConnection(peerId)
    if (!connection) throw unreachable(peerId)
    return connection
  }

  async #dial(addresses: readonly Multiaddr[], signal: AbortSignal): Promise<string> {
    const node = this.#node
    if (!node) throw new Error('The node is not running.')
    const connection = await node.dial([...addresses], { signal })
    return connection.remotePeer.toString()
  }

  #closed(peer: PeerId): void {
    const peerId = peer.toString()
    const held = this.#admission.sessions.verifiedPeer(peerId)
    this.#admission.sessions.close(peerId)
    if (held) this.#init.log.info('Peer gone', { peer: peerId, operator: held.operator })
  }

  #verified(peer: Peer): void {
    this.#dialer.learnVerified(peer.peerId, peer.addresses)
    this.#init.book?.note(peer)
    this.#gate.verified(peer.peerId)
    for (const listener of this.#listeners) listener(peer)
  }

  #disconnect(peerId: string): void {
    const connections = this.#node?.getConnections(peerIdFromString(peerId)) ?? []
    for (const connection of connections) {
      connection.close({ signal: AbortSignal.timeout(1_000) }).catch((err: unknown) => connection.abort(asError(err)))
    }
  }
}

const unreachable = (peerId: string): NetError =>
  new NetError({ code: 'PEER_UNREACHABLE', peerId }, `Peer ${peerId} is not connected.`)
