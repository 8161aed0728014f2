/** Where a peer may be reached, and how that went so far. */
export class DialTarget {
  readonly key: string // peer id, or the address of a bootstrap node whose id is not configured
  /** Where the settings have a bootstrap node. What it says of itself adds to that: it may know only its address inside of some network. */
  readonly configured: readonly string[]
  peerId: string | null
  /** Bootstrap nodes and peers that were verified once are tried for ever. */
  lasting: boolean
  nextAt = 0
  dialling = false
  /** Until then it is dialled although there are peers enough: it is said to have what is missing. */
  soughtUntil = 0
  #own: readonly string[]
  #rumours: readonly string[] = []
  #failures = 0
  /** When it was seen to be connected; null: it is not, as far as is known. */
  #since: number | null = null

  constructor(
    key: string,
    peerId: string | null,
    addresses: readonly string[],
    kind: 'bootstrap' | 'friend' | 'hearsay'
  ) {
    this.key = key
    this.peerId = peerId
    this.configured = kind === 'bootstrap' ? addresses : []
    this.#own = kind === 'bootstrap' ? [] : addresses
    this.lasting = kind !== 'hearsay'
  }

  get isBootstrap(): boolean {
    return this.configured.length > 0
  }
  get failures(): number {
    return this.#failures
  }

  get addresses(): readonly string[] {
    return [...new Set([...this.configured, ...this.#own])]
  }

  /**
   * What the next attempt tries: in turn its own word and what others say. An attempt tries one address after the other and ends when its
   * time is over, so that among the true ones some that lead nowhere would keep it from those.
   */
  get next(): readonly string[] {
    return this.#rumours.length > 0 && this.#failures % 2 === 1 ? this.#rumours : this.addresses
  }

  /** It proved who it is: it is worth any number of attempts, and knows best where it listens. */
  verified(addresses: readonly string[]): void {
    this.lasting = true
    this.connected()
    if (addresses.length === 0) return
    this.#own = addresses
    this.#rumours = []
  }

  /** Others say that it is elsewhere: it may have moved while this node could not reach it. */
  rumoured(addresses: readonly string[]): void {
    this.#rumours = addresses.filter(address => !this.#own.includes(address))
  }

  connected(): void {
    this.#since ??= performance.now()
  }

  /** It is not connected now. A connection that ended so soon was of no use; after one that lasted the next absence starts at the first attempt. */
  noteAbsence(steadyMs: number, pause: (failures: number) => number): void {
    if (this.#since === null) return
    const lasted = performance.now() - this.#since >= steadyMs
    this.#since = null
    if (lasted) this.#failures = 0
    else this.failed(pause)
  }

  /** An attempt led nowhere. */
  failed(pause: (failures: number) => number): void {
    this.#since = null
    this.nextAt = performance.now() + pause(this.#failures)
    this.#failures += 1
  }
}
