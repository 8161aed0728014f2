import { openDeterministic, sealDeterministic } from './aead.ts'
import { bytes, bytes32, fixedBytes, list, message, struct, u32, uint, type Codec } from './codec.ts'
import { attested, type Attested } from './chain-view.ts'
import { MAX_STATE_KEY_BYTES, MAX_STATE_VALUE_BYTES } from './delta.ts'
import type { Snapshot } from './eip712.ts'
import { abiEncode, hkdf, keccak256 } from './hashing.ts'
import { fineBucketOf, pad, unpad } from './padding.ts'
import { fromHex, toHex, type Hex } from './bytes.ts'
import type { Hash, ScAddr } from './ids.ts'

/** Encrypted states at one head, so that a newcomer does not replay all deltas (R10). docs/spec/encodings.md */

/** Of the ciphertext: 4 MiB of state, what encodes and pads it, the tag. */
export const MAX_SNAPSHOT_BYTES = 6 * 1024 * 1024 + 16
/** Snapshots travel in parts of at most this, across the enclave's boundary and between peers. */
export const SNAPSHOT_PART_BYTES = 512 * 1024

export interface SignedSnapshot {
  readonly snapshot: Snapshot // contentHash = keccak256 of the ciphertext
  readonly generation: number // of the state key
  readonly bytes: number // of the ciphertext
  readonly signature: Uint8Array // the maker's, over the EIP-712 digest of `snapshot`
  readonly maker: Attested // an enclave registered on chain
}
export const snapshotCodec: Codec<Snapshot> = struct<Snapshot>('Snapshot', {
  scAddr: bytes32<ScAddr>(),
  deltaCount: uint,
  headHash: bytes32(),
  contentHash: bytes32()
})
export const signedSnapshot: Codec<SignedSnapshot> = message<SignedSnapshot>('SignedSnapshot', 1, {
  snapshot: snapshotCodec,
  generation: u32,
  bytes: u32,
  signature: fixedBytes(65),
  maker: attested
})

const entries = list(
  struct<{ key: Uint8Array; value: Uint8Array }>('Entry', {
    key: bytes(MAX_STATE_KEY_BYTES),
    value: bytes(MAX_STATE_VALUE_BYTES)
  }),
  262_144
)

type Place = Pick<Snapshot, 'scAddr' | 'deltaCount' | 'headHash'> & { readonly generation: number }

const snapshotKey = (stateKey: Uint8Array, headHash: Hash): Uint8Array =>
  hkdf(stateKey, abiEncode(['string', 'bytes32'], ['snapshot', headHash]))
const aad = (p: Place): Uint8Array =>
  abiEncode(
    ['string', 'bytes32', 'uint64', 'bytes32', 'uint32'],
    ['snapshot', p.scAddr, p.deltaCount, p.headHash, p.generation]
  )

/** Ordered by key and padded: every enclave makes the same bytes of the same state, and they tell its size to an eighth only. */
export function sealSnapshot(stateKey: Uint8Array, place: Place, state: ReadonlyMap<Hex, Uint8Array>): Uint8Array {
  const ordered = [...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key: fromHex(key), value }))
  return sealDeterministic(
    snapshotKey(stateKey, place.headHash),
    pad(entries.encode(ordered), fineBucketOf),
    aad(place)
  )
}

/** @throws PROTOCOL_DECRYPT, PROTOCOL_DECODE */
export function openSnapshot(stateKey: Uint8Array, place: Place, ciphertext: Uint8Array): Map<Hex, Uint8Array> {
  const plaintext = openDeterministic('snapshot', snapshotKey(stateKey, place.headHash), ciphertext, aad(place))
  return new Map(entries.decode(unpad(plaintext, fineBucketOf)).map(({ key, value }) => [toHex(key), value]))
}

export const snapshotHashOf = (ciphertext: Uint8Array): Hash => keccak256(ciphertext)
