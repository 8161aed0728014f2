import type { Chain } from '../chain/chain.ts'
import { sleep } from '../waiting.ts'

/** A person reads what the wallet shows, and the transaction needs a block before the epoch ends. */
const PERSON_SECONDS = 30
/** Blocks over which the time between two is measured. */
const SAMPLE_BLOCKS = 10
/** An epoch that should be over is waited for so much longer; then its workers are still the right ones. */
const GRACE_SECONDS = 15

/**
 * Seconds until the epoch ends, if they are fewer than a person needs in a wallet; else null. A record that is mined after the end is
 * refused and has cost its gas. Of a short epoch, such as a test network's, no more than its second half counts as its end.
 */
export async function endOfEpochIn(chain: Chain, epoch: number): Promise<number | null> {
  const [{ block, timeSeconds }, endBlock, { startBlock }] = await Promise.all([
    chain.latestBlock(),
    chain.nextEpochBlock(),
    chain.epochInfo(epoch)
  ])
  const before = await chain.timeOf(Math.max(1, block - SAMPLE_BLOCKS))
  const blockSeconds = Math.max(1, (timeSeconds - before) / SAMPLE_BLOCKS)
  const left = Math.max(0, endBlock - block) * blockSeconds
  const half = ((endBlock - startBlock) * blockSeconds) / 2
  return left < Math.min(PERSON_SECONDS, half) ? Math.ceil(left) : null
}

/** Resolves when the next epoch has begun, or when it is late. */
export async function nextEpoch(
  chain: Chain,
  epoch: number,
  inSeconds: number,
  pollMs: number,
  signal?: AbortSignal
): Promise<void> {
  const until = Date.now() + (inSeconds + GRACE_SECONDS) * 1000
  while (Date.now() < until && (await chain.currentEpoch()) === epoch) await sleep(pollMs, signal)
}
