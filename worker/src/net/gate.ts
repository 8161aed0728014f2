import type { Connection, PeerId, Stream, StreamHandler, Topology } from '@libp2p/interface'
import type { ConnectionManager, Registrar } from '@libp2p/interface-internal'
import { asError, printable } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { FrameGuard } from './frame-guard.ts'
import type { Peer } from './peer-network.ts'
import type { Quota } from './quota.ts'

/** What the library's own protocols (kad-dht, gossipsub) may cost one peer. */
export interface GateRule {
  /** Streams a second that one peer may open, and how many at once. */
  readonly perSecond: number
  readonly burst: number
  /** Bytes a second that one peer may send, and how many at once; more ends the stream. */
  readonly bytesPerSecond: number
  readonly burstBytes: number
  /** The largest message behind its varint length. */
  readonly maxMessageBytes: number
  /**
   * A stream of a peer that is not verified yet waits for that up to `strangerMs`: for protocols that open one stream for good.
   * Else it has the time of a hello.
   */
  readonly waits?: boolean
}

export interface GateInit {
  readonly log: Logger
  readonly quota: Quota
  /** The verified peer behind a connection; waits for its hello, not for ever. @throws PEER_NOT_VERIFIED */
  readonly peerOf: (peerId: string, signal: AbortSignal) => Promise<Peer>
  readonly isVerified: (peerId: string) => boolean
  readonly isConnected: (peerId: string) => boolean
  readonly timeoutMs: number
  /** Whoever is not verified by then is sent away with its connection: it may come again, and opens its streams anew. */
  readonly strangerMs: number
  readonly disconnect: (peerId: string) => void
}

/**
 * Stands between libp2p and protocols of the library that know nothing of our chain: only verified peers reach them, in
 * either direction, and only so fast. Whoever wants to fill a routing table, a record store or a mesh has to stake first.
 */
export class Gate {
  readonly #init: GateInit
  /** Topologies, and the peers that speak their protocol but are not verified (yet), or were told of already. */
  readonly #topologies = new Set<{
    readonly topology: Topology
    readonly rule: GateRule
    readonly seen: Map<string, [PeerId, Connection]>
    readonly told: Set<string>
  }>()

  /** Streams that wait for their peer to be verified. */
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(init: GateInit) {
    this.#init = init
  }

  /** The registrar as such a protocol sees it. */
  registrar(inner: Registrar, rule: GateRule): Registrar {
    const ids = new Map<string, () => void>()
    const outer: Pick<Registrar, 'handle' | 'register' | 'unregister'> = {
      handle: (protocol, handler, options) => inner.handle(protocol, this.#guarded(handler, rule), options),
      register: async (protocol, topology) => {
        const held = { topology, rule, seen: new Map<string, [PeerId, Connection]>(), told: new Set<string>() }
        this.#topologies.add(held)
        const id = await inner.register(protocol, {
          ...topology,
          onConnect: (peerId, connection) => {
            const key = peerId.toString()
            if (!this.#init.isVerified(key)) return void held.seen.set(key, [peerId, connection])
            held.told.add(key)
            return topology.onConnect?.(peerId, connection)
          },
          onDisconnect: peerId => {
            if (this.#init.isConnected(peerId.toString())) return // told late: it is back
            held.seen.delete(peerId.toString())
            if (held.told.delete(peerId.toString())) return topology.onDisconnect?.(peerId)
          }
        })
        ids.set(id, () => void this.#topologies.delete(held))
        return id
      },
      unregister: id => {
        ids.get(id)?.()
        ids.delete(id)
        inner.unregister(id)
      }
    }
    return new Proxy(inner, {
      get(target, property) {
        const found: unknown = Reflect.get(property in outer ? outer : target, property)
        return typeof found === 'function' ? (found.bind(property in outer ? outer : target) as unknown) : found
      }
    })
  }

  /** The connection manager as such a protocol sees it: answers on streams that it opens itself are held to the same bounds. */
  connections(inner: ConnectionManager, rule: GateRule): ConnectionManager {
    const openStream: ConnectionManager['openStream'] = async (peer, protocol, options) => {
      const stream = await inner.openStream(peer, protocol, options)
      this.#guardFrames(stream, rule)
      return stream
    }
    return new Proxy(inner, {
      get(target, property) {
        if (property === 'openStream') return openStream
        const found: unknown = Reflect.get(target, property)
        return typeof found === 'function' ? (found.bind(target) as unknown) : found
      }
    })
  }

  /** A peer became verified: protocols that wait for it hear of it now. */
  verified(peerId: string): void {
    for (const go of this.#waiting.get(peerId) ?? []) go()
    for (const { topology, seen, told } of this.#topologies) {
      const held = seen.get(peerId)
      seen.delete(peerId)
      if (!held || held[1].status !== 'open') continue
      told.add(peerId)
      void Promise.resolve(topology.onConnect?.(...held)).catch((err: unknown) => this.#ended(peerId, err))
    }
  }

  /**
   * Tells protocols that open one stream for good of their peers once more: such a stream may end while the peer stays, with one of two
   * connections or because too much came over it, and they make another one only when they hear of the peer. Where it stands nothing happens.
   */
  renew(connectionTo: (peerId: string) => Connection | undefined): void {
    const renewed = new Set<string>() // several versions of one protocol share the stream
    for (const { topology, rule, told } of this.#topologies) {
      if (!rule.waits) continue
      for (const peerId of told) {
        if (renewed.has(peerId) || !this.#init.isVerified(peerId)) continue
        const connection = connectionTo(peerId)
        if (!connection) continue
        renewed.add(peerId)
        void topology.onConnect?.(connection.remotePeer, connection)
      }
    }
  }

  #guarded(handler: StreamHandler, rule: GateRule): StreamHandler {
    const { quota, peerOf, timeoutMs } = this.#init
    return async (stream, connection) => {
      const peerId = connection.remotePeer.toString()
      try {
        if (rule.waits) await this.#untilVerified(peerId, stream)
        else await peerOf(peerId, AbortSignal.timeout(timeoutMs))
        const key = `${stream.protocol} ${peerId}`
        if (!quota.take(key, rule.perSecond, rule.burst)) throw new Error('too many streams')
        this.#guardFrames(stream, rule)
        this.#meter(stream, `bytes ${key}`, rule)
        await handler(stream, connection)
      } catch (err) {
        stream.abort(asError(err))
        this.#ended(peerId, err)
      }
    }
  }

  async #untilVerified(peerId: string, stream: Stream): Promise<void> {
    if (this.#init.isVerified(peerId)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting = this.#waiting.get(peerId) ?? new Set()
    this.#waiting.set(peerId, waiting.add(resolve))
    stream.addEventListener('close', () => reject(new Error('it went before it was verified')), { once: true })
    const { strangerMs, disconnect } = this.#init
    const timer = setTimeout(() => {
      reject(new Error('it was not verified in time'))
      disconnect(peerId)
    }, strangerMs)
    timer.unref()
    try {
      await promise
    } finally {
      clearTimeout(timer)
      waiting.delete(resolve)
      if (waiting.size === 0) this.#waiting.delete(peerId)
    }
  }

  /** Runs before the protocol's own listener, which then never sees what is out of bounds. */
  #guardFrames(stream: Stream, { maxMessageBytes }: GateRule): void {
    const guard = new FrameGuard(maxMessageBytes)
    stream.addEventListener('message', event => {
      if (guard.allows(event.data)) return
      event.stopImmediatePropagation()
      stream.abort(new Error('a length out of bounds'))
    })
  }

  #meter(stream: Stream, key: string, rule: GateRule): void {
    stream.addEventListener('message', event => {
      if (this.#init.quota.take(key, rule.bytesPerSecond, rule.burstBytes, event.data.byteLength)) return
      stream.abort(new Error('too many bytes'))
    })
  }

  #ended(peerId: string, err: unknown): void {
    this.#init.log.debug('A library protocol refused a peer', { peer: peerId, error: printable(asError(err).message) })
  }
}
