import { SEATS, type Address, type Hash, type ScAddr } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { SyncError } from './errors.ts'

type Chain = Pick<ChainReader, 'facts' | 'currentEpoch' | 'seats' | 'contract' | 'deltaHash'>

/** Deltas that a worker may run ahead of the chain (R7: at most 64 receipts in a batch). */
const MAX_AHEAD = 64

/**
 * Whether a delta that a worker pushed may be kept before its receipt is on chain: it comes from a seat holder of the
 * contract, and its place is not taken by another one.
 *
 * @returns true if the chain already has exactly this delta there.
 * @throws DELTA_REFUSED
 */
export function admitDelta(chain: Chain, scAddr: ScAddr, index: number, deltaHash: Hash, from: Address): boolean {
  const refuse = (why: string): SyncError =>
    new SyncError({ code: 'DELTA_REFUSED', scAddr, index, why }, `The delta was refused: ${why}.`)
  const onChain = chain.deltaHash(scAddr, index)
  if (onChain === deltaHash) return true
  if (onChain !== null) throw refuse('the chain has another one at this place')
  const count = chain.contract(scAddr)?.deltaCount ?? 0
  if (index >= count + MAX_AHEAD) throw refuse('it is too far ahead of the chain')
  if (!holdsRecentSeat(chain, scAddr, from)) throw refuse('its sender holds no seat of the contract')
  return false
}

/** Blocks below which honest nodes do not differ, whatever CONF says: it may be 1. */
const UNDISPUTED_DEPTH = 24

/** Whether an honest peer must know this block as this node does: before that it may follow another branch of the chain. */
export const isUndisputed = (chain: Pick<ChainReader, 'head' | 'facts'>, block: number): boolean =>
  chain.head().number - block >= Math.max(UNDISPUTED_DEPTH, chain.facts.confirmations)

/** A task belongs to the seats of its epoch until it is terminal (R2): so those of a few epochs back may still push. */
export function holdsRecentSeat(
  chain: Pick<ChainReader, 'facts' | 'currentEpoch' | 'seats'>,
  scAddr: ScAddr,
  signer: Address
): boolean {
  const { grace, window, epochSize } = chain.facts
  const current = chain.currentEpoch()?.epoch ?? 0
  const back = Math.ceil((grace + SEATS * window) / epochSize) + 1
  for (let epoch = current; epoch >= Math.max(0, current - back); epoch--) {
    if (chain.seats(epoch, scAddr).some(leaf => leaf.signer === signer)) return true
  }
  return false
}

/** Codes that say nothing about an input or a query, only about the way to a seat. */
export const isUnreachable = (code: string): boolean => code.startsWith('PEER_') || code === 'INTERNAL'
