import { ZERO_ADDRESS, codeHashOf, deltaCodec, deltaHashOf, type Hash, type ScAddr } from '@enigma/protocol'
import type { ChainEvent, ChainReader } from '../chain/reader.ts'
import { sleep } from '../net/deadline.ts'
import { decidingCode } from '../net/errors.ts'
import type { ContentRouting, PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import type { Precedence } from '../ops/precedence.ts'
import { DeltaPusher } from './delta-pusher.ts'
import { serveDeltas } from './delta-server.ts'
import { SyncError } from './errors.ts'
import { Fetcher } from './fetcher.ts'
import { Gathering } from './gathering.ts'
import type { ContentStore, DeltaSync, Presence, StoredDelta, SyncProgress } from './interfaces.ts'
import { Inventory } from './inventory.ts'
import type { Need } from './needs.ts'
import { UnmetNeeds, type Unmet } from './unmet.ts'

export interface DeltaSyncInit {
  readonly network: PeerNetwork & Partial<ContentRouting>
  readonly chain: ChainReader
  readonly store: ContentStore
  readonly precedence?: Pick<Precedence, 'giveWay'>
  readonly log: Logger
  /** One contract's fetching; the next round tries again. */
  readonly fetchTimeoutMs?: number
  /** A push usually brings a delta before the chain names it: how long to leave it the chance. */
  readonly graceMs?: number
  /** Between rounds for what could not be had. */
  readonly retryMs?: number
  readonly ackTimeoutMs?: number
  /** Before everybody is asked again for what a task waits for. */
  readonly firstPauseMs?: number
  /** Told when everything of a contract is on disk, each time it becomes so. */
  readonly onHeld?: (scAddr: ScAddr) => void
}

const SWEEP_MS = 10 * 60 * 1000
/** How long looking after content waits for receipts of this worker that are not on their way. */
const CONTENT_WAITS_MS = 400

/** Keeps this node's content equal to the chain's, and spreads what this node makes. docs/spec/peer-protocols.md */
export class PeerDeltaSync implements DeltaSync {
  readonly #init: DeltaSyncInit
  readonly #gathering: Gathering
  readonly #pusher: DeltaPusher
  readonly #wanted = new Set<ScAddr>()
  /** What `#keepUp` looks after just now. */
  #round: ReadonlySet<ScAddr> = new Set()
  /** What each running `syncAll` has still to bring: nobody else asks for it meanwhile. */
  readonly #underWay = new Set<ReadonlySet<ScAddr>>()
  /** Ends what `#keepUp` fetches just now. */
  #endRound: () => void = () => undefined
  #codes = new Set<Hash>()
  readonly #inventory: Inventory
  readonly #unmet = new UnmetNeeds()
  #bytes = 0
  #demoteDue = false
  /** The first time also for a reorg that came while this node was not there. */
  #tidied = false
  /** Steps whose rival candidates go once they are final. */
  #unsettled: { readonly scAddr: ScAddr; readonly index: number }[] = []
  #stopped = new AbortController()
  #stops: (() => void)[] = []
  #loop: Promise<void> = Promise.resolve()
  #wake = Promise.withResolvers<void>()

  constructor(init: DeltaSyncInit) {
    this.#init = init
    const { network, chain, store, log, fetchTimeoutMs, firstPauseMs, ackTimeoutMs = 300 } = init
    const fetcher = new Fetcher({ network, chain, store, log, onBytes: bytes => (this.#bytes += bytes) })
    this.#inventory = new Inventory(chain, store)
    this.#gathering = new Gathering({ network, fetcher, inventory: this.#inventory, fetchTimeoutMs, firstPauseMs })
    this.#pusher = new DeltaPusher({ network, store, log, ackTimeoutMs })
    serveDeltas({
      network,
      chain,
      store,
      hasCode: codeHash => this.#codes.has(codeHash),
      onStored: () => this.#gathering.told()
    })
  }

  start(): Promise<void> {
    const { chain } = this.#init
    this.#stopped = new AbortController()
    for (const { codeHash } of chain.contracts()) this.#codes.add(codeHash)
    const sweep = setInterval(() => void this.tidy().catch(this.#logged('sweep')), SWEEP_MS)
    this.#stops = [chain.subscribe(event => this.#onChain(event)), () => clearInterval(sweep)]
    this.#pusher.start()
    this.#loop = this.#keepUp(this.#stopped.signal)
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop()
    this.#pusher.stop()
    this.#stopped.abort()
    await this.#loop
  }

  async push(delta: Uint8Array, bytecode?: Uint8Array | null): Promise<{ readonly acks: Promise<number> }> {
    const { store } = this.#init
    if (bytecode) await store.putBytecode(bytecode, ZERO_ADDRESS)
    const { scAddr, index } = deltaCodec.decode(delta)
    const stored = store.putDelta(delta, ZERO_ADDRESS) // a candidate of this node's own, until the chain names it
    const place = { scAddr, index, deltaHash: deltaHashOf(delta) }
    const acks = this.#pusher.push(place, delta, bytecode ? codeHashOf(bytecode) : null, stored)
    await stored
    this.#gathering.told()
    return { acks }
  }

  replicas(deltaHash: Hash): number {
    return this.#pusher.replicas(deltaHash)
  }

  async ensure(scAddr: ScAddr, upToIndex: number, signal?: AbortSignal): Promise<void> {
    const missing = (): Promise<Need[]> => this.#inventory.missingDeltas(scAddr, upToIndex)
    await this.#gathering.untilHere(`delta ${upToIndex} of ${scAddr}`, signal, missing)
  }

  async seek(scAddr: ScAddr, upToIndex: number, signal: AbortSignal): Promise<Presence> {
    const needs = await this.#inventory.missingDeltas(scAddr, upToIndex)
    if (needs.length === 0) return 'here'
    await this.#gathering.once(needs, signal)
    if ((await this.#inventory.missingDeltas(scAddr, upToIndex)).length === 0) return 'here'
    const asked = this.#workers()
    const said = asked.every(peerId => needs.every(need => need.lacking.has(peerId)))
    return asked.length > 0 && said ? 'absent' : 'unknown'
  }

  incomplete(): number {
    const looked = [...this.#withUnderWay(new Set([...this.#wanted, ...this.#round]))]
    return looked.filter(scAddr => {
      const contract = this.#init.chain.contract(scAddr) // null: a reorg took it
      return contract !== null && !this.#inventory.holds(contract)
    }).length
  }

  unmet(): readonly Unmet[] {
    return this.#unmet.list()
  }

  async ensureBytecode(codeHash: Hash, signal?: AbortSignal): Promise<Uint8Array> {
    const { store } = this.#init
    const held = await store.getBytecode(codeHash)
    if (held) return held
    this.#inventory.forget()
    await this.#gathering.untilHere(`bytecode ${codeHash}`, signal, () => this.#inventory.missingCode(codeHash))
    return (await store.getBytecode(codeHash))!
  }

  async deltas(scAddr: ScAddr, from: number, to: number, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    const { chain, store } = this.#init
    const found: Uint8Array[] = []
    for (let index = from; index < to; index++) {
      const deltaHash = chain.deltaHash(scAddr, index)
      let delta = deltaHash && (await store.getDelta(scAddr, index, deltaHash))
      if (!delta) {
        this.#inventory.forget() // damaged, or never here
        await this.ensure(scAddr, to - 1, signal)
        delta = deltaHash && (await store.getDelta(scAddr, index, deltaHash))
      }
      if (!delta)
        throw new SyncError({ code: 'SYNC_INCOMPLETE', what: `delta ${index} of ${scAddr}` }, 'A delta is missing.')
      found.push(delta)
    }
    return found
  }

  async syncAll(progress: (p: SyncProgress) => void = () => {}, signal?: AbortSignal): Promise<SyncProgress> {
    const contracts = [...this.#init.chain.contracts()].map(({ scAddr }) => scAddr)
    const left = new Set(contracts)
    const startBytes = this.#bytes
    const tell = (failed: readonly ScAddr[] = []): SyncProgress => {
      const done = contracts.length - left.size
      const now = { contracts: contracts.length, done, failed, bytes: this.#bytes - startBytes }
      progress(now)
      return now
    }
    this.#underWay.add(left)
    this.#endRound()
    await this.#gathering
      .untilHere(
        'everything',
        signal,
        () => this.#missingOf(left),
        need => {
          if (this.#settleHeld(left, need.scAddr)) tell()
        }
      )
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(left))
    for (const scAddr of left) this.#want(scAddr)
    return tell([...left])
  }

  /** What is missing of these contracts. Those of which nothing is leave the set, and are told of. */
  async #missingOf(contracts: Set<ScAddr>): Promise<Need[]> {
    const needs = await this.#inventory.missing(contracts)
    for (const scAddr of [...contracts]) this.#settleHeld(contracts, scAddr)
    return needs
  }

  #settleHeld(contracts: Set<ScAddr>, scAddr: ScAddr | null): boolean {
    if (!scAddr || !contracts.has(scAddr)) return false
    const contract = this.#init.chain.contract(scAddr) // null: a reorg took it
    if (contract && !this.#inventory.holds(contract)) return false
    contracts.delete(scAddr)
    if (contract) this.#init.onHeld?.(scAddr)
    return true
  }

  #want(scAddr: ScAddr): void {
    this.#wanted.add(scAddr)
    this.#wake.resolve()
  }

  /** Fetches what the chain came to name and no push has brought; what fails waits for the next round. */
  async #keepUp(signal: AbortSignal): Promise<void> {
    const { graceMs = 300, retryMs = 5_000 } = this.#init
    while (!signal.aborted) {
      if (this.#wanted.size === 0) {
        this.#wake = Promise.withResolvers()
        signal.addEventListener('abort', () => this.#wake.resolve(), { once: true })
        await this.#wake.promise
      }
      await sleep(graceMs, signal)
      await this.#giveWay()
      const round = this.#wantedByNobodyElse()
      this.#round = round
      this.#wanted.clear()
      try {
        const needs = await this.#missingOf(round)
        const limit = this.#roundLimit(signal)
        if (needs.length > 0) await this.#gathering.round(needs, limit)
        if (needs.length > 0) await this.#missingOf(round)
        if (!limit.aborted) this.#unmet.note(this.#withUnderWay(round), needs, this.#workers())
        if (this.#demoteDue) await this.#demote()
      } catch (err) {
        this.#logged('sync')(err)
      }
      for (const scAddr of round) this.#wanted.add(scAddr)
      this.#round = new Set()
      if (round.size === 0) continue
      this.#init.log.debug('Content is incomplete', { contracts: round.size })
      await sleep(retryMs, signal)
    }
  }

  #workers(): string[] {
    return this.#init.network.peers().flatMap(({ role, peerId }) => (role === 'worker' ? [peerId] : []))
  }

  #roundLimit(outer: AbortSignal): AbortSignal {
    const round = new AbortController()
    this.#endRound = () => round.abort()
    return AbortSignal.any([outer, round.signal])
  }

  /** What is under way stays in the book of what nobody gave. */
  #withUnderWay(round: ReadonlySet<ScAddr>): Set<ScAddr> {
    return new Set([...round, ...[...this.#underWay].flatMap(left => [...left])])
  }

  /** What a running `syncAll` does not bring, it hands over in the end. */
  #wantedByNobodyElse(): Set<ScAddr> {
    const others = [...this.#underWay]
    return new Set([...this.#wanted].filter(scAddr => !others.some(left => left.has(scAddr))))
  }

  readonly #isChosen = ({ scAddr, index, deltaHash }: StoredDelta): boolean =>
    this.#init.chain.deltaHash(scAddr, index) === deltaHash

  /** Drops what was offered and never came on chain, or what a reorg took from it, if it is old enough. Done from time to time. */
  async tidy(): Promise<void> {
    if (this.#demoteDue || !this.#tidied) await this.#demote()
    this.#tidied = true
    await this.#init.store.dropStale(this.#isChosen, codeHash => this.#codes.has(codeHash))
  }

  async #demote(): Promise<void> {
    const { store, chain, log } = this.#init
    this.#demoteDue = false
    this.#codes = new Set([...chain.contracts()].map(({ codeHash }) => codeHash))
    const demoted = await store.demote(this.#isChosen, codeHash => this.#codes.has(codeHash))
    if (demoted > 0) log.info('Content that a reorg took off the chain will go', { contents: demoted })
  }

  #onChain(event: ChainEvent): void {
    switch (event.type) {
      case 'epoch':
      case 'task-recorded':
      case 'task-settled':
        return
      case 'contract-deployed':
        this.#codes.add(event.contract.codeHash)
        this.#want(event.contract.scAddr)
        return
      case 'delta':
        this.#unsettled.push({ scAddr: event.scAddr, index: event.step.index })
        this.#want(event.scAddr)
        return
      case 'rollback':
        this.#inventory.forget()
        this.#gathering.forget()
        this.#unmet.forget()
        this.#unsettled = []
        this.#demoteDue = true
        return
      case 'head':
        void this.#settleFinal().catch(this.#logged('settle'))
        return
    }
  }

  #giveWay = (): Promise<void> =>
    this.#init.precedence?.giveWay(CONTENT_WAITS_MS, this.#stopped.signal) ?? Promise.resolve()

  async #settleFinal(): Promise<void> {
    if (this.#unsettled.length === 0) return
    await this.#giveWay()
    const { chain, store } = this.#init
    const final = ({ scAddr, index }: { scAddr: ScAddr; index: number }): boolean => {
      const step = chain.contract(scAddr)?.steps[index]
      return step !== undefined && chain.head().number - step.block + 1 >= chain.facts.confirmations
    }
    const ready = this.#unsettled.filter(final)
    if (ready.length === 0) return
    this.#unsettled = this.#unsettled.filter(step => !final(step))
    await store.settle(
      ready.flatMap(({ scAddr, index }) => {
        const deltaHash = chain.deltaHash(scAddr, index)
        return deltaHash ? [{ scAddr, index, deltaHash }] : []
      })
    )
  }

  #logged(what: string): (err: unknown) => void {
    return err => this.#init.log.warn('Content is incomplete', { what, code: decidingCode(err) })
  }
}
