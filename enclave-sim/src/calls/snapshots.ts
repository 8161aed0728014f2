import {
  MAX_SNAPSHOT_BYTES,
  openSnapshot as openedSnapshot,
  requireSigner,
  sealSnapshot,
  snapshotHashOf,
  typedDigest,
  type Hex,
  type LoadSnapshotPartRequest,
  type MakeSnapshotRequest,
  type MakeSnapshotResponse,
  type OpenSnapshotRequest,
  type Snapshot,
  type ReadSnapshotPartRequest,
  type ReadSnapshotPartResponse,
  type StateTip
} from '@enigma/protocol'
import { requireSameCode } from '../attest/same-code.ts'
import { refused } from '../state/snapshots.ts'
import { workerOf, type Enclave } from './session.ts'
import { stateTip } from './states.ts'
import { requirePlace } from './task.ts'
import type { WorkerParts } from './worker-parts.ts'

/**
 * R10: certifies and encrypts the state at the head of a view, under the view's generation of the state key.
 *
 * @throws ENCLAVE_VIEW_UNKNOWN, ENCLAVE_STATE_NOT_AT_HEAD, ENCLAVE_NO_STATE_KEY, ENCLAVE_SNAPSHOT_REFUSED
 */
export function makeSnapshot(parts: WorkerParts, { nonce, scAddr }: MakeSnapshotRequest): MakeSnapshotResponse {
  const { identity, views, states, stateKeys, snapshots } = parts
  const view = views.get(nonce)
  const contract = view.contracts.find(c => c.scAddr === scAddr)
  if (!contract || contract.deltaCount === 0) throw refused('the view does not show its contract deployed')
  const state = states.get(scAddr)
  requirePlace(state, contract)
  const { generation } = view
  const { deltaCount, headHash } = state
  const place = { scAddr, deltaCount, headHash, generation }
  const ciphertext = sealed(stateKeys.get(scAddr, generation), place, state.entries)
  snapshots.keep(scAddr, headHash, ciphertext)
  const snapshot: Snapshot = { scAddr, deltaCount, headHash, contentHash: snapshotHashOf(ciphertext) }
  const signature = identity.sign(typedDigest(identity.binding.domain, 'Snapshot', snapshot))
  return { snapshot, generation, signature, bytes: ciphertext.length }
}

export const snapshotPart = (
  { snapshots }: WorkerParts,
  { scAddr, headHash, offset }: ReadSnapshotPartRequest
): ReadSnapshotPartResponse => ({ bytes: snapshots.part(scAddr, headHash, offset) })

export function loadSnapshotPart({ snapshots }: WorkerParts, part: LoadSnapshotPartRequest): void {
  const { scAddr, headHash, total, offset, bytes } = part
  snapshots.gather(scAddr, headHash, total, offset, bytes)
}

/**
 * R10: takes over a state that another enclave of the same network and code certified. Whether the chain has its head shows when a task
 * is to run: on any other state nothing does.
 *
 * @throws ENCLAVE_SNAPSHOT_UNKNOWN, ENCLAVE_SNAPSHOT_REFUSED, ENCLAVE_NO_STATE_KEY, ENCLAVE_FULL
 */
export function openSnapshot(enclave: Enclave, request: OpenSnapshotRequest): StateTip {
  const parts = workerOf(enclave)
  const { snapshot, generation } = request
  const { scAddr, deltaCount, headHash, contentHash } = snapshot
  requireMaker(enclave, parts, request)
  const stateKey = parts.stateKeys.get(scAddr, generation)
  const ciphertext = parts.snapshots.take(scAddr, headHash)
  if (snapshotHashOf(ciphertext) !== contentHash) throw refused('its bytes are not those that were signed')
  let entries: ReadonlyMap<Hex, Uint8Array>
  try {
    entries = openedSnapshot(stateKey, { scAddr, deltaCount, headHash, generation }, ciphertext)
  } catch (cause) {
    throw refused('it does not open', cause)
  }
  parts.states.replace(scAddr, { deltaCount, headHash, entries })
  return stateTip(parts, { scAddr })
}

/** An enclave of the same code, bound to the same chain, contract and principal, signed it. */
function requireMaker(
  { platform, nowSeconds }: Enclave,
  { identity }: WorkerParts,
  { snapshot, signature, attested }: OpenSnapshotRequest
): void {
  const { domain } = identity.binding
  const { report } = attested
  const same =
    report.chainId === domain.chainId &&
    report.enigma === domain.enigma &&
    report.principalSigner === identity.principalSigner
  if (!same) throw refused('its maker is bound to another network or principal')
  try {
    requireSameCode(attested, platform.measurement, nowSeconds())
    requireSigner('The snapshot', typedDigest(domain, 'Snapshot', snapshot), signature, report.signer)
  } catch (cause) {
    throw refused(cause instanceof Error ? cause.message : 'its maker is not trusted', cause)
  }
}

function sealed(
  stateKey: Uint8Array,
  place: Parameters<typeof sealSnapshot>[1],
  entries: ReadonlyMap<Hex, Uint8Array>
) {
  const tooLarge = 'the state has too many entries for one; it has to be replayed'
  let ciphertext: Uint8Array
  try {
    ciphertext = sealSnapshot(stateKey, place, entries)
  } catch (cause) {
    throw refused(tooLarge, cause)
  }
  if (ciphertext.length > MAX_SNAPSHOT_BYTES) throw refused(tooLarge)
  return ciphertext
}
