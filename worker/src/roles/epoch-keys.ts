import { SEATS, WINDOW_BLOCKS, asError } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { Logger } from '../ops/log.ts'
import type { KeyExchange } from '../sync/interfaces.ts'
import type { EnvelopeStore } from '../task/envelope-store.ts'

export interface EpochKeysParts {
  readonly chain: ChainReader
  readonly enclave: Enclave
  readonly keys: KeyExchange
  readonly envelopes: EnvelopeStore
  readonly log: Logger
}

/** The oldest epoch whose keys and envelopes are still needed (R9: end + GRACE + G*W + CONF). */
export function oldestKeptEpoch(chain: Pick<ChainReader, 'currentEpoch' | 'epoch' | 'facts' | 'head'>): number {
  let kept = chain.currentEpoch()
  while (kept) {
    const before = chain.epoch(kept.epoch - 1)
    if (!before || chain.head().number > keptUntil(chain, before.epoch)!) break
    kept = before
  }
  return kept?.epoch ?? 0
}

/** The last block with the keys of an epoch: until then a run of it can be made again. Null while the epoch is the latest. */
export function keptUntil(chain: Pick<ChainReader, 'epoch' | 'facts'>, epoch: number): number | null {
  const next = chain.epoch(epoch + 1)
  const { grace, confirmations } = chain.facts
  return next && next.startBlock + grace + SEATS * WINDOW_BLOCKS + confirmations
}

/** Makes this enclave's key known for every epoch in use, and lets those go that nobody needs any more. */
export function startEpochKeys({ chain, enclave, keys, envelopes, log }: EpochKeysParts): {
  ready: Promise<void>
  stop(): void
} {
  async function publish(epoch: number): Promise<void> {
    const { key, signature } = await enclave.call('encryptionKey', { epoch })
    await keys.publish({ signer: enclave.identity.signer, epoch, key, signature })
  }

  async function renew(): Promise<void> {
    const current = chain.currentEpoch()?.epoch ?? 0
    if (current === 0) return
    const oldest = oldestKeptEpoch(chain)
    await publish(current)
    if (current - 1 >= Math.max(1, oldest)) await publish(current - 1)
    await enclave.call('forgetEpochs', { before: oldest })
    const dropped = await envelopes.prune(entry => entry.epoch < oldest)
    if (dropped > 0) log.debug('old inputs dropped', { count: dropped, before: oldest })
  }

  let queue: Promise<void> = Promise.resolve()
  let wanted = true
  const run = (): Promise<void> => {
    wanted = true
    queue = queue.then(async () => {
      if (!wanted) return
      wanted = false
      await renew().catch(error => {
        wanted = true // at the next head
        log.warn('the epoch key could not be published', { error: asError(error).message })
      })
    })
    return queue
  }
  const ready = run()
  const stops = [
    chain.subscribe(event => {
      if (event.type === 'epoch' || (event.type === 'head' && wanted)) void run()
    }),
    enclave.onRestart(() => void run())
  ]
  return {
    ready,
    stop() {
      for (const stop of stops) stop()
    }
  }
}
