import type { ScAddr } from '@enigma/protocol'
import type { Chain } from '../chain/chain.ts'
import { ClientError } from '../errors.ts'
import { callWorker } from '../rpc/call.ts'
import type { Workers } from '../rpc/workers.ts'
import type { EvidenceRules } from './evidence.ts'
import { verifySeats, type Seats } from './seats.ts'

/** Some more than the contracts that one page works with. */
const MAX_CACHED = 64

/** Asks workers for the seats of contracts, verifies, and remembers the last complete answer for each, while its epoch lasts. */
export class SeatFinder {
  readonly #cache = new Map<ScAddr, Seats>()
  readonly #chain: Chain
  readonly #workers: Workers
  readonly #rules: () => Promise<EvidenceRules>

  constructor(chain: Chain, workers: Workers, rules: () => Promise<EvidenceRules>) {
    this.#chain = chain
    this.#workers = workers
    this.#rules = rules
  }

  /** @throws NO_SEAT_REACHABLE, or what `verifySeats` refuses, when no worker gives a good answer. */
  async find(scAddr: ScAddr, epoch: number, signal?: AbortSignal): Promise<Seats> {
    const cached = this.#cache.get(scAddr)
    if (cached?.epoch === epoch) return cached
    const measure = Promise.all([this.#chain.epochInfo(epoch), this.#rules()])
    measure.catch(() => undefined) // looked at below, once a worker has answered
    const seats = await this.#workers.any(async url => {
      const answer = await callWorker(url, 'getWorkerEncryptionKey', { scAddr, epoch }, { signal })
      const found = await verifySeats(url, answer, scAddr, ...(await measure))
      if (found.recipients.length === 0) throw await this.#nobody(epoch)
      return found
    }, signal)
    if (seats.recipients.length === seats.signers.length) this.#remember(seats)
    return seats
  }

  /** The keys are asked for anew: an enclave that came back from a copy of its data has others. */
  forget(scAddr: ScAddr): void {
    this.#cache.delete(scAddr)
  }

  async #nobody(epoch: number): Promise<ClientError> {
    const nextEpochBlock = await this.#chain.nextEpochBlock()
    return new ClientError(
      { code: 'NO_SEAT_REACHABLE', epoch, nextEpochBlock },
      `None of the workers drawn for this contract can be reached in epoch ${epoch}.`,
      { hint: `Nothing was paid. Other workers are drawn from block ${nextEpochBlock} on; try again then.` }
    )
  }

  #remember(seats: Seats): void {
    if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value!)
    this.#cache.set(seats.scAddr, seats)
  }
}
