import type { Multiaddr } from '@multiformats/multiaddr'
import { configuredAddress, ownerOf, subnetOf } from './addresses.ts'
import type { NetLimits } from './limits.ts'
import { Quota } from './quota.ts'

/** Where a peer may be reached. Bootstrap nodes and peers that were verified once are tried for ever. */
interface Target {
  readonly key: string // peer id, or the address of a bootstrap node whose id is not configured
  peerId: string | null
  addresses: readonly string[]
  lasting: boolean
  failures: number
  nextAt: number
  dialling: boolean
  /** Until then it is dialled although there are peers enough: it is said to have what is missing. */
  soughtUntil: number
}

/** What is worth remembering of a peer over a restart. */
export interface KnownPeer {
  readonly peerId: string
  readonly addresses: readonly string[]
}

export interface DialerInit {
  readonly self: string // own peer id
  readonly bootstrap: readonly string[]
  /** Peers that were verified before the last stop. */
  readonly known?: readonly KnownPeer[]
  readonly limits: NetLimits
  readonly isConnected: (peerId: string) => boolean
  readonly isBanned: (peerId: string) => boolean
  readonly connections: () => number
  /** Told of every attempt, before its outcome is known. */
  readonly onDial?: () => void
  /** Connects; resolves with the peer id at the other end. */
  readonly dial: (addresses: readonly Multiaddr[], signal: AbortSignal) => Promise<string>
}

const TICK_MS = 100
const MAX_PARALLEL_DIALS = 8
/** How long a peer is dialled for what it is said to have. */
const SOUGHT_MS = 10_000
/** Hearsay that leads nowhere so many times is forgotten. */
const HEARSAY_FAILURES = 6

/** Keeps this node connected: dials bootstrap nodes and known peers again and again, with back-off. */
export class Dialer {
  readonly #init: DialerInit
  readonly #targets = new Map<string, Target>()
  #timer: NodeJS.Timeout | undefined
  #stopped = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  readonly #rate = new Quota({ maxKeys: 1 })

  /** @throws NET_ADDRESS for a bootstrap setting that is not an address. */
  constructor(init: DialerInit) {
    this.#init = init
    for (const address of init.bootstrap) {
      configuredAddress(address)
      const peerId = ownerOf([address])
      const others = peerId === null ? [] : (this.#targets.get(peerId)?.addresses ?? [])
      if (peerId !== init.self) this.#add(peerId ?? address, peerId, [...others, address], true)
    }
    for (const { peerId, addresses } of init.known ?? []) this.learnHearsay(peerId, addresses)
  }

  start(): void {
    this.#stopped = new AbortController()
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#tick()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopped.abort()
    await Promise.allSettled(this.#underWay)
  }

  /** A peer that proved who it is: it is worth any number of attempts, and its next absence starts at the first one. */
  learnVerified(peerId: string, addresses: readonly string[]): void {
    const target = this.#targets.get(peerId)
    if (target) {
      target.lasting = true
      target.failures = 0
      if (addresses.length > 0) target.addresses = addresses
    } else if (addresses.length > 0) {
      this.#add(peerId, peerId, addresses, true)
    }
  }

  /** Addresses that a peer told of. */
  learnHearsay(peerId: string, addresses: readonly string[]): void {
    if (peerId === this.#init.self || addresses.length === 0 || this.#targets.has(peerId)) return
    this.#add(peerId, peerId, addresses, false)
  }

  /** The same for a peer that is said to hold what this node lacks: it is dialled soon, whoever else is connected. */
  seek(peerId: string, addresses: readonly string[]): void {
    this.learnHearsay(peerId, addresses)
    const target = this.#targets.get(peerId)
    if (target) target.soughtUntil = performance.now() + SOUGHT_MS
  }

  /** The connection was of no use (another network, an unproven peer): wait before the next attempt. */
  failed(peerId: string): void {
    for (const target of this.#targets.values()) if (target.peerId === peerId) this.#backOff(target)
  }

  #add(key: string, peerId: string | null, addresses: readonly string[], lasting: boolean): void {
    this.#targets.set(key, { key, peerId, addresses, lasting, failures: 0, nextAt: 0, dialling: false, soughtUntil: 0 })
    if (this.#targets.size <= this.#init.limits.maxKnownPeers) return
    const bootstrap = new Set(this.#init.bootstrap)
    const expendable = [...this.#targets.values()].filter(t => !t.addresses.some(a => bootstrap.has(a)))
    const victim = expendable.find(t => !t.lasting) ?? expendable.toSorted((a, b) => b.failures - a.failures)[0]
    if (victim) this.#targets.delete(victim.key)
  }

  /** At most half of the wanted connections lead into one network that a single party may own: so they lead into two at least. */
  #isCrowded(subnet: string | null): boolean {
    if (subnet === null) return false
    const { limits, isConnected } = this.#init
    const there = [...this.#targets.values()].filter(
      ({ peerId, addresses, dialling }) =>
        subnetOf(addresses[0] ?? '') === subnet && (dialling || (peerId !== null && isConnected(peerId)))
    )
    return there.length >= Math.ceil(limits.wantedPeers / 2)
  }

  #tick(): void {
    const { limits, isConnected, isBanned, connections } = this.#init
    const now = performance.now()
    const enough = connections() >= limits.wantedPeers
    for (const target of this.#targets.values()) {
      if (this.#underWay.size >= MAX_PARALLEL_DIALS) return
      const { peerId, dialling, nextAt, addresses } = target
      if (dialling || nextAt > now) continue
      if (peerId !== null && (isConnected(peerId) || isBanned(peerId))) continue
      const isBootstrap = this.#init.bootstrap.some(address => addresses.includes(address))
      const isSought = target.soughtUntil > now
      if (!isBootstrap && !isSought && (enough || this.#isCrowded(subnetOf(addresses[0] ?? '')))) continue
      if (!this.#rate.take('dials', limits.dialsPerSecond, limits.dialBurst)) return
      target.dialling = true
      const attempt = this.#attempt(target).finally(() => {
        target.dialling = false
        this.#underWay.delete(attempt)
      })
      this.#underWay.add(attempt)
    }
  }

  async #attempt(target: Target): Promise<void> {
    const { dial, limits, self, onDial } = this.#init
    onDial?.()
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(limits.dialTimeoutMs)])
    try {
      const peerId = await dial(target.addresses.map(configuredAddress), signal)
      if (peerId === self)
        this.#targets.delete(target.key) // a bootstrap address that is this node's own
      else target.peerId = peerId
      target.nextAt = performance.now() + limits.redialFirstMs
    } catch {
      // Expected while the other is not there yet: the attempt after next waits longer.
      this.#backOff(target)
      if (!target.lasting && target.failures >= HEARSAY_FAILURES) this.#targets.delete(target.key)
    }
  }

  #backOff(target: Target): void {
    const { redialFirstMs, redialMostMs } = this.#init.limits
    const wait = Math.min(redialMostMs, redialFirstMs * 2 ** Math.min(target.failures, 20))
    target.failures += 1
    target.nextAt = performance.now() + wait * (0.75 + Math.random() / 2) // spread, so that nodes do not dial in step
  }
}
