import {
  attestedToJson,
  toHex,
  type GetWorkerEncryptionKeyResult,
  type ScAddr,
  type SeatJson,
  type SeatProof
} from '@enigma/protocol'
import { requireOpenEpoch } from '../chain/open-epoch.ts'
import type { ChainEvent, ChainReader } from '../chain/reader.ts'
import { sleep } from '../net/deadline.ts'
import type { KeyExchange } from '../sync/interfaces.ts'

/** A client may have seen the epoch begin a moment before this worker's index. */
const EPOCH_WAIT_MS = 2_000
/** R3: a holder whose key is not here by then is left out of the envelope. */
const KEY_WAIT_MS = 1_000

export interface SeatKeysParts {
  readonly chain: ChainReader
  readonly keys: KeyExchange
}

/**
 * The seats of a contract in an epoch, each with its path, its enclave's key for the epoch and attestation.
 *
 * @throws EPOCH_STALE
 */
export async function seatsWithKeys(
  { chain, keys }: SeatKeysParts,
  scAddr: ScAddr,
  epoch: number
): Promise<GetWorkerEncryptionKeyResult> {
  await nextEpochBegun(chain, epoch)
  requireOpenEpoch(chain, epoch)
  const leaves = chain.seats(epoch, scAddr)
  await keys.request(epoch, [...new Set(leaves.map(leaf => leaf.signer))], KEY_WAIT_MS)
  const known = keys.keysFor(epoch)
  const seats = leaves.flatMap((leaf, k): SeatJson[] => {
    const proof = chain.seatProof(epoch, scAddr, k)
    if (!proof) return []
    const key = known.get(leaf.signer)
    const worker = chain.workerBySigner(leaf.signer)
    return [
      {
        ...seatOf(k, proof),
        ...(key ? { encKey: key.key, encKeySig: toHex(key.signature) } : {}),
        ...(worker ? { attested: attestedToJson(worker.attested) } : {})
      }
    ]
  })
  return { epoch, seats }
}

function seatOf(k: number, { leaf, siblings }: SeatProof): SeatJson {
  const { index, operator, signer, stake } = leaf
  const path = siblings.map(({ hash, sum }) => ({ hash, sum: sum.toString() }))
  return { k, index, operator, signer, stake: stake.toString(), path }
}

/** Waits for the epoch after the current one, if that is the one asked for. */
async function nextEpochBegun(chain: ChainReader, epoch: number): Promise<void> {
  if (epoch !== (chain.currentEpoch()?.epoch ?? 0) + 1) return
  const begun = new AbortController()
  const unsubscribe = chain.subscribe((event: ChainEvent) => {
    if (event.type === 'epoch') begun.abort()
  })
  await sleep(EPOCH_WAIT_MS, begun.signal)
  unsubscribe()
}
