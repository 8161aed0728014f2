import { asError, type Address, type ScAddr } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { sleep } from '../net/deadline.ts'
import type { ContentRouting, Meeting, PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'

export interface AnnouncerInit {
  readonly network: Pick<PeerNetwork, 'onPeer' | 'peers'> & ContentRouting & Pick<Meeting, 'present'>
  /** Of this worker's enclave: it is told of first, for those who need a seat of it and are not connected. */
  readonly signer: Address
  readonly chain: Pick<ChainReader, 'contract'>
  readonly log: Logger
  /** Told after each announcement: how many of the contracts held are announced. */
  readonly onProgress?: (announced: number, held: number) => void
  /** Between two announcements. Each is a look-up and some twenty messages: a thousand contracts take minutes, quietly. */
  readonly paceMs?: number
  /** After one that reached nobody. */
  readonly retryMs?: number
}

const PROVIDE_MS = 10_000

/** Tells the DHT of this worker, and of every contract that it holds whole: once each, as soon as there is somebody to tell. The DHT renews them. */
export class Announcer {
  readonly #init: AnnouncerInit
  readonly #waiting = new Set<ScAddr>()
  readonly #announced = new Set<ScAddr>()
  #stopped = new AbortController()
  #wake = Promise.withResolvers<void>()
  #loop: Promise<void> = Promise.resolve()

  constructor(init: AnnouncerInit) {
    this.#init = init
  }

  start(): void {
    this.#stopped = new AbortController()
    this.#loop = this.#run(this.#stopped.signal)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#wake.resolve()
    await this.#loop
  }

  /** Everything of the contract is on this node's disk. */
  add(scAddr: ScAddr): void {
    if (this.#announced.has(scAddr)) return
    this.#waiting.add(scAddr)
    this.#wake.resolve()
  }

  get announced(): number {
    return this.#announced.size
  }
  get held(): number {
    return this.#announced.size + this.#waiting.size
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { chain, onProgress, paceMs = 250, retryMs = 5_000 } = this.#init
    while (!signal.aborted && !(await this.#presented(signal))) await this.#pause(retryMs, signal)
    while (!signal.aborted) {
      const [scAddr] = this.#waiting
      if (scAddr === undefined) {
        this.#wake = Promise.withResolvers()
        await this.#wake.promise
        continue
      }
      this.#waiting.delete(scAddr)
      if (!chain.contract(scAddr)) {
        onProgress?.(this.#announced.size, this.held) // a reorg took it
        continue
      }
      const told = await this.#told(limit => this.#init.network.provide(scAddr, limit), signal)
      if (told) {
        this.#announced.add(scAddr)
        onProgress?.(this.#announced.size, this.held)
        await sleep(paceMs, signal)
      } else {
        this.#waiting.add(scAddr)
        await this.#pause(retryMs, signal)
      }
    }
  }

  #presented(signal: AbortSignal): Promise<boolean> {
    const { network, signer } = this.#init
    return this.#told(limit => network.present(signer, limit), signal)
  }

  /** @returns whether anybody took it */
  async #told(tell: (limit: AbortSignal) => Promise<number>, signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PROVIDE_MS)])
    const told = await tell(limit).catch((err: unknown) => {
      this.#init.log.debug('An announcement failed', { error: asError(err).message })
      return 0
    })
    return told > 0
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const met = Promise.withResolvers<void>()
    const unsubscribe = this.#init.network.onPeer(() => met.resolve())
    await Promise.race([sleep(ms, signal), met.promise])
    unsubscribe()
    await sleep(250, signal) // the DHT's table takes a peer a moment after it is verified
  }
}
