import type { Multiaddr } from '@multiformats/multiaddr'
import { configuredAddress, ownerOf, subnetOf } from './addresses.ts'
import { DialTarget } from './dial-target.ts'
import type { NetLimits } from './limits.ts'
import { Quota } from './quota.ts'

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
  /** Whether it may leave everybody alone but bootstrap nodes. */
  readonly hasEnough: () => boolean
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
  readonly #targets = new Map<string, DialTarget>()
  #timer: NodeJS.Timeout | undefined
  #stopped = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  readonly #rate = new Quota({ maxKeys: 1 })

  /** @throws NET_ADDRESS for a bootstrap setting that is not an address. */
  constructor(init: DialerInit) {
    this.#init = init
    const bootstrap = new Map<string, string[]>()
    for (const address of init.bootstrap) {
      configuredAddress(address)
      const key = ownerOf([address]) ?? address
      if (key !== init.self) bootstrap.set(key, [...(bootstrap.get(key) ?? []), address])
    }
    for (const [key, addresses] of bootstrap) {
      this.#add(new DialTarget(key, ownerOf(addresses), addresses, 'bootstrap'))
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

  /** A peer that proved who it is: it is worth any number of attempts. */
  learnVerified(peerId: string, addresses: readonly string[]): void {
    const target = this.#targets.get(peerId)
    if (target) target.verified(addresses)
    else if (addresses.length > 0) this.#add(new DialTarget(peerId, peerId, addresses, 'friend')).connected()
  }

  /** Addresses that a peer told of. */
  learnHearsay(peerId: string, addresses: readonly string[]): void {
    if (peerId === this.#init.self || addresses.length === 0) return
    const target = this.#targets.get(peerId)
    if (!target) this.#add(new DialTarget(peerId, peerId, addresses, 'hearsay'))
    else if (!this.#init.isConnected(peerId)) target.rumoured(addresses)
  }

  /** The same for a peer that is said to hold what this node lacks: it is dialled soon, whoever else is connected. */
  seek(peerId: string, addresses: readonly string[]): void {
    this.learnHearsay(peerId, addresses)
    const target = this.#targets.get(peerId)
    if (!target) return
    target.soughtUntil = performance.now() + SOUGHT_MS
    target.nextAt = 0 // once at least; then its pauses go on as they were
  }

  /** The connection was of no use (another network, an unproven peer): wait before the next attempt. */
  failed(peerId: string): void {
    for (const target of this.#targets.values()) if (target.peerId === peerId) target.failed(this.#pause)
  }

  #add(target: DialTarget): DialTarget {
    this.#targets.set(target.key, target)
    if (this.#targets.size > this.#init.limits.maxKnownPeers) {
      const expendable = [...this.#targets.values()].filter(t => !t.isBootstrap)
      const victim = expendable.find(t => !t.lasting) ?? expendable.toSorted((a, b) => b.failures - a.failures)[0]
      if (victim) this.#targets.delete(victim.key)
    }
    return target
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
    const enough = this.#init.hasEnough()
    for (const target of this.#due()) {
      if (this.#underWay.size >= MAX_PARALLEL_DIALS) return
      const { limits } = this.#init
      const isWanted = target.isBootstrap || target.soughtUntil > performance.now()
      if (!isWanted && (enough || this.#isCrowded(subnetOf(target.addresses[0] ?? '')))) continue
      if (!this.#rate.take('dials', limits.dialsPerSecond, limits.dialBurst)) return
      target.dialling = true
      const attempt = this.#attempt(target).finally(() => {
        target.dialling = false
        this.#underWay.delete(attempt)
      })
      this.#underWay.add(attempt)
    }
  }

  /** Whom to dial, the longest due first: who is gone for good must not stand in the way of the others. */
  #due(): DialTarget[] {
    const { isConnected, isBanned, limits } = this.#init
    const now = performance.now()
    const due = [...this.#targets.values()].filter(target => {
      const { peerId, dialling } = target
      if (dialling || (peerId !== null && isConnected(peerId))) return false
      target.noteAbsence(limits.steadyMs, this.#pause)
      if (this.#isHopeless(target)) return false
      return target.nextAt <= now && (peerId === null || !isBanned(peerId))
    })
    return due.sort((a, b) => a.nextAt - b.nextAt)
  }

  /** Hearsay that led nowhere often enough is forgotten. */
  #isHopeless({ key, lasting, failures }: DialTarget): boolean {
    if (lasting || failures < HEARSAY_FAILURES) return false
    this.#targets.delete(key)
    return true
  }

  async #attempt(target: DialTarget): Promise<void> {
    const { dial, limits, self, onDial } = this.#init
    onDial?.()
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(limits.dialTimeoutMs)])
    try {
      const peerId = await dial(target.next.map(configuredAddress), signal)
      if (peerId === self) return void this.#targets.delete(target.key) // a bootstrap address that is this node's own
      target.peerId = peerId
      target.connected()
    } catch {
      target.failed(this.#pause) // expected while the other is not there yet
    }
  }

  readonly #pause = (failures: number): number => {
    const { redialFirstMs, redialMostMs } = this.#init.limits
    const wait = Math.min(redialMostMs, redialFirstMs * 2 ** Math.min(failures, 20))
    return wait * (0.75 + Math.random() / 2) // spread, so that nodes do not dial in step
  }
}
