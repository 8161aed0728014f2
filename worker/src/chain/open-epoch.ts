import { WorkerError } from '../errors.ts'
import type { ChainReader } from './reader.ts'

const OVER = 'Nothing was paid. Ask for the seats of the current epoch and encrypt the input anew.'
const AHEAD =
  'Nothing was paid. This worker has not seen that epoch begin: ask again in a moment, or ask another worker. If it stays so, its /status says why.'

/**
 * Passes if the next block may hold a record for this epoch (R2): it is the current one, or the one before in its grace.
 *
 * @throws EPOCH_STALE
 */
export function requireOpenEpoch(chain: Pick<ChainReader, 'facts' | 'currentEpoch' | 'head'>, epoch: number): void {
  const info = chain.currentEpoch()
  const current = info?.epoch ?? 0
  const inGrace = info !== null && chain.head().number < info.startBlock + chain.facts.grace
  if (epoch >= 1 && (epoch === current || (inGrace && epoch === current - 1))) return
  throw new WorkerError(
    { code: 'EPOCH_STALE', epoch, current },
    `Epoch ${epoch} is not open; ${current === 0 ? 'none is' : `${current} is current`}.`,
    { hint: epoch > current ? AHEAD : OVER }
  )
}
