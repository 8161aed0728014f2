import {
  MAX_DELTA_BYTES,
  ProtocolError,
  ZERO_HASH,
  deltaHashOf,
  nextHead,
  sealDelta,
  type Hash,
  type Hex,
  type ScAddr,
  type StateWrites
} from '@enigma/protocol'
import type { Artifact } from './artifact.ts'

/** A deployed contract at one moment. Never changed, so a snapshot only has to keep it. */
export interface ContractRecord {
  readonly scAddr: ScAddr
  readonly artifact: Artifact
  readonly codeHash: Hash
  readonly entries: ReadonlyMap<Hex, Uint8Array>
  readonly deltaCount: number
  readonly headHash: Hash
}

export const newContract = (scAddr: ScAddr, artifact: Artifact, codeHash: Hash): ContractRecord => ({
  scAddr,
  artifact,
  codeHash,
  entries: new Map(),
  deltaCount: 0,
  headHash: ZERO_HASH
})

export const DELTA_TOO_LARGE = `What the contract wrote does not fit a delta of ${MAX_DELTA_BYTES} bytes.`

/**
 * The contract after a run, by the rule of a network: the writes are sealed into a delta and chained to the head (R7).
 * Null if they do not fit one delta.
 */
export function withWrites(
  contract: ContractRecord,
  writes: StateWrites,
  stateKey: Uint8Array,
  runDigest: Hash
): ContractRecord | null {
  const { scAddr, deltaCount: index, headHash: prevHead } = contract
  if (writes.size === 0 && index > 0) return contract // only a deployment has an empty delta
  let delta: Uint8Array
  try {
    delta = sealDelta(stateKey, { scAddr, index, generation: 0, prevHead, runDigest }, writes)
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'PROTOCOL_ENCODE') return null
    throw error
  }
  const entries = new Map(contract.entries)
  for (const [key, value] of writes) {
    if (value === null) entries.delete(key)
    else entries.set(key, value)
  }
  return { ...contract, entries, deltaCount: index + 1, headHash: nextHead(prevHead, deltaHashOf(delta)) }
}
