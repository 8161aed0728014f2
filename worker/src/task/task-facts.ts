import { SEATS, keccakTuple, type Address } from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import type { TaskFacts } from './machine.ts'

/** Refunds: the lowest seat first, then one seat after the other, then, spread out, workers without a seat. */
const REFUND_STEP_BLOCKS = 2
const REFUND_RANKS = 8

/** What chain and draw say of a task to the worker with this enclave and operator. */
export function factsOf(
  chain: Pick<ChainReader, 'seats'>,
  { signer, operator }: { readonly signer: Address; readonly operator: Address },
  { taskId, scAddr, inputHash, epoch, recordBlock, order }: ChainTask
): TaskFacts {
  const k = chain.seats(epoch, scAddr).findIndex(leaf => leaf.signer === signer)
  const seat = k === -1 ? null : k
  const rank = Number(BigInt(keccakTuple(['bytes32', 'address'], [taskId, operator])) % BigInt(REFUND_RANKS))
  const refundDelay = REFUND_STEP_BLOCKS * (seat ?? SEATS + rank)
  return { taskId, scAddr, inputHash, epoch, recordBlock, order, seat, refundDelay }
}
