import { ZERO_ADDRESS, codeHashOf, type Hash, type ScAddr } from '@enigma/protocol'
import type { ChainEvent, ChainReader } from '../chain/reader.ts'
import { sleep } from '../net/deadline.ts'
import { decidingCode } from '../net/errors.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import { DeltaFetcher } from './delta-fetcher.ts'
import { DeltaPusher } from './delta-pusher.ts'
import { serveDeltas } from './delta-server.ts'
import { SyncError } from './errors.ts'
import type { ContentStore, DeltaSync, SyncProgress } from './interfaces.ts'

export interface DeltaSyncInit {
  readonly network: PeerNetwork
  readonly chain: ChainReader
  readonly store: ContentStore
  readonly log: Logger
  /** One contract's fetching; the next round tries again. */
  readonly fetchTimeoutMs?: number
  /** A push usually brings a delta before the chain names it: how long to leave it the chance. */
  readonly graceMs?: number
  /** Between rounds for what could not be had. */
  readonly retryMs?: number
  readonly ackTimeoutMs?: number
}

/** Contracts fetched at once at start. */
const PARALLEL = 4
const SWEEP_MS = 10 * 60 * 1000

/** Keeps this node's content equal to the chain's, and spreads what this node makes. docs/spec/peer-protocols.md */
export class PeerDeltaSync implements DeltaSync {
  readonly #init: DeltaSyncInit
  readonly #fetcher: DeltaFetcher
  readonly #pusher: DeltaPusher
  readonly #wanted = new Set<ScAddr>()
  readonly #codes = new Set<Hash>()
  /** Steps whose rival candidates go once they are final. */
  #unsettled: { readonly scAddr: ScAddr; readonly index: number }[] = []
  #stopped = new AbortController()
  #stops: (() => void)[] = []
  #loop: Promise<void> = Promise.resolve()
  #wake = Promise.withResolvers<void>()

  constructor(init: DeltaSyncInit) {
    this.#init = init
    const { network, chain, store, log, fetchTimeoutMs = 20_000, ackTimeoutMs = 300 } = init
    this.#fetcher = new DeltaFetcher({ network, chain, store, log, timeoutMs: fetchTimeoutMs })
    this.#pusher = new DeltaPusher({ network, store, log, ackTimeoutMs })
    serveDeltas({ network, chain, store, hasCode: codeHash => this.#codes.has(codeHash) })
  }

  start(): Promise<void> {
    const { chain, store } = this.#init
    this.#stopped = new AbortController()
    for (const { codeHash } of chain.contracts()) this.#codes.add(codeHash)
    const sweep = setInterval(() => void store.dropStale().catch(this.#logged('sweep')), SWEEP_MS)
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
    const stored = await store.putDelta(delta, ZERO_ADDRESS) // a candidate of this node's own, until the chain names it
    return { acks: this.#pusher.push(stored, bytecode ? codeHashOf(bytecode) : null) }
  }

  replicas(deltaHash: Hash): number {
    return this.#pusher.replicas(deltaHash)
  }

  ensure(scAddr: ScAddr, upToIndex: number, signal?: AbortSignal): Promise<void> {
    return this.#fetcher.ensure(scAddr, upToIndex, signal)
  }

  ensureBytecode(codeHash: Hash, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#fetcher.ensureBytecode(codeHash, signal)
  }

  async deltas(scAddr: ScAddr, from: number, to: number, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    const { chain, store } = this.#init
    const found: Uint8Array[] = []
    for (let index = from; index < to; index++) {
      const deltaHash = chain.deltaHash(scAddr, index)
      let delta = deltaHash && (await store.getDelta(scAddr, index, deltaHash))
      if (!delta) {
        this.#fetcher.forget() // damaged, or never here
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
    const failed: ScAddr[] = []
    let done = 0
    const tell = (): SyncProgress => {
      const now = { contracts: contracts.length, done, failed: [...failed] }
      progress(now)
      return now
    }
    const queue = [...contracts]
    const worker = async (): Promise<void> => {
      for (let scAddr = queue.shift(); scAddr !== undefined; scAddr = queue.shift()) {
        if (await this.#syncOne(scAddr, signal)) done += 1
        else {
          failed.push(scAddr)
          this.#want(scAddr)
        }
        tell()
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, worker))
    return tell()
  }

  async #syncOne(scAddr: ScAddr, signal?: AbortSignal): Promise<boolean> {
    const contract = this.#init.chain.contract(scAddr)
    if (!contract) return true // a reorg took it
    try {
      await this.ensureBytecode(contract.codeHash, signal)
      await this.ensure(scAddr, contract.deltaCount - 1, signal)
      return true
    } catch (err) {
      this.#logged('sync', { scAddr })(err)
      return false
    }
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
      const round = [...this.#wanted]
      this.#wanted.clear()
      const failed: ScAddr[] = []
      for (const scAddr of round) {
        if (signal.aborted) return
        if (!(await this.#syncOne(scAddr, signal))) failed.push(scAddr)
      }
      for (const scAddr of failed) this.#wanted.add(scAddr)
      if (failed.length > 0) await sleep(retryMs, signal)
    }
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
        this.#fetcher.forget()
        this.#unsettled = []
        return
      case 'head':
        this.#settleFinal()
        return
    }
  }

  #settleFinal(): void {
    const { chain, store } = this.#init
    const final = ({ scAddr, index }: { scAddr: ScAddr; index: number }): boolean => {
      const step = chain.contract(scAddr)?.steps[index]
      return step !== undefined && chain.head().number - step.block + 1 >= chain.facts.confirmations
    }
    const ready = this.#unsettled.filter(final)
    if (ready.length === 0) return
    this.#unsettled = this.#unsettled.filter(step => !final(step))
    for (const { scAddr, index } of ready) {
      const deltaHash = chain.deltaHash(scAddr, index)
      if (deltaHash) store.settle(scAddr, index, deltaHash).catch(this.#logged('settle', { scAddr }))
    }
  }

  #logged(what: string, facts: Record<string, string> = {}): (err: unknown) => void {
    return err => this.#init.log.warn('Content is incomplete', { what, ...facts, code: decidingCode(err) })
  }
}
