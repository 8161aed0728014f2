import { asError, toHex, type EpochSeedResponse } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import { encode } from '../chain/calls.ts'
import type { Indexer } from '../chain/indexer.ts'
import type { TxSender } from '../chain/tx-sender.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'

export interface EpochSetterParts {
  readonly indexer: Indexer
  readonly enclave: Enclave
  readonly sender: TxSender
  readonly minWorkers: number
  readonly board: StatusBoard
  readonly log: Logger
  readonly isRegistered: () => boolean
  /** False for a standby: it only answers (R14). */
  readonly isPrimary: () => boolean
}

/** Blocks between the calls before the first epoch: the least with a block hash to read (R1). */
const FIRST_SPACING = 2

/** Earliest block of the next call, or null while it has to wait for workers. */
export function nextCallBlock(
  { next, lastBlock }: { readonly next: number; readonly lastBlock: number },
  state: { readonly epoch: number; readonly epochSize: number; readonly loggedIn: number; readonly minWorkers: number }
): number | null {
  // Before the first epoch, calls without enough workers would only be repeated.
  if (state.epoch === 0 && state.loggedIn < state.minWorkers) return null
  if (next === 0) return 0
  return lastBlock + (state.epoch === 0 ? FIRST_SPACING : state.epochSize)
}

/**
 * The seed of call d, from an enclave that may have been a standby: seeds come one after the other, and the generation never falls, so
 * it is brought to where the primary was. Costs about log2(d) calls and the number of calls it missed.
 */
export async function seedFor(
  enclave: Pick<Enclave, 'call'>,
  d: number,
  generation: number
): Promise<EpochSeedResponse> {
  const seedOf = async (number: number): Promise<EpochSeedResponse | null> => {
    try {
      return await enclave.call('epochSeed', { d: number })
    } catch (error) {
      if (
        error instanceof WorkerError &&
        error.facts.code === 'ENCLAVE_REFUSED' &&
        error.facts.reason === 'ENCLAVE_SEED_ORDER'
      )
        return null
      throw error
    }
  }
  let found = await seedOf(d)
  if (!found) {
    let low = 0 // the highest that it gives for sure
    let high = d
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (await seedOf(middle)) low = middle
      else high = middle
    }
    for (let next = low; next <= d; next++) found = await seedOf(next)
  }
  for (let now = found?.generation ?? 0; found && now < generation;) {
    now = (await enclave.call('rotateGeneration', {})).generation
    found = await seedOf(d)
  }
  if (found) return found
  throw new WorkerError(
    { code: 'ENCLAVE_REFUSED', method: 'epochSeed', reason: 'ENCLAVE_SEED_ORDER' },
    `The enclave does not give seed ${d}.`
  )
}

/** Sends setEpoch on time, with the seed that only the principal's enclave knows. Only the primary principal does (R14). */
export function startEpochSetter({
  indexer,
  enclave,
  sender,
  minWorkers,
  board,
  log,
  isRegistered,
  isPrimary
}: EpochSetterParts): () => void {
  let busy = false

  async function call(): Promise<void> {
    const { projection, facts } = indexer
    const calls = projection.epochCalls
    const due = nextCallBlock(calls, {
      epoch: indexer.currentEpoch()?.epoch ?? 0,
      epochSize: facts.epochSize,
      loggedIn: projection.loggedInWorkers,
      minWorkers
    })
    if (due === null || indexer.head().number + 1 < due || !isRegistered() || !isPrimary()) return
    const current = indexer.currentEpoch()?.generation ?? 0
    const { seed, nextCommit, generation, signature } = await seedFor(enclave, calls.next, current)
    const data = encode('setEpoch', [calls.next, seed, nextCommit, generation, toHex(signature)])
    const { block, ok } = await sender.send({ id: `epoch/${calls.next}`, to: facts.enigma, data })
    log.info(ok ? 'epoch call included' : 'epoch call came too early', { d: calls.next, block })
    board.count(ok ? 'epoch_calls' : 'epoch_calls_failed')
  }

  return indexer.subscribe(event => {
    if (event.type !== 'head' || busy) return
    busy = true
    call()
      .catch(error => {
        board.count('epoch_calls_failed')
        log.warn('the epoch call failed; it is tried again', { error: asError(error).message })
      })
      .finally(() => (busy = false))
  })
}
