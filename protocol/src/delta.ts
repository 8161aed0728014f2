import { bytes, bytes32, list, maybe, message, struct, u32, uint, type Codec } from './codec.ts'
import { openDeterministic, sealDeterministic } from './aead.ts'
import { abiEncode, keccak256 } from './hashing.ts'
import { deltaKeyOf } from './keys.ts'
import { MAX_DELTA_BYTES } from './params.ts'
import { pad, unpad } from './padding.ts'
import { fromHex, toHex, type Hex } from './bytes.ts'
import type { Hash, ScAddr } from './ids.ts'

export const MAX_STATE_KEY_BYTES = 256
export const MAX_STATE_VALUE_BYTES = 64 * 1024

/** What one task wrote, encrypted, chained to the head before it (R7). docs/spec/encodings.md */
export interface Delta {
  readonly scAddr: ScAddr
  readonly index: number // position in the contract's history; the deployment's is 0
  readonly generation: number // of the state key
  readonly prevHead: Hash
  readonly runDigest: Hash
  readonly ciphertext: Uint8Array
}

export const deltaCodec: Codec<Delta> = message<Delta>(
  'Delta',
  1,
  {
    scAddr: bytes32<ScAddr>(),
    index: uint,
    generation: u32,
    prevHead: bytes32(),
    runDigest: bytes32(),
    ciphertext: bytes(MAX_DELTA_BYTES)
  },
  MAX_DELTA_BYTES
)

/** Keys in hex; null removes. */
export type StateWrites = ReadonlyMap<Hex, Uint8Array | null>

const writesCodec = list(
  struct<{ key: Uint8Array; value: Uint8Array | null }>('Write', {
    key: bytes(MAX_STATE_KEY_BYTES),
    value: maybe(bytes(MAX_STATE_VALUE_BYTES))
  }),
  65_536
)

const deltaAad = (d: Omit<Delta, 'ciphertext'>): Uint8Array =>
  abiEncode(
    ['string', 'bytes32', 'uint64', 'uint32', 'bytes32', 'bytes32'],
    ['delta', d.scAddr, d.index, d.generation, d.prevHead, d.runDigest]
  )

/** Deterministic (R6): the same run gives the same bytes at every seat. Writes are ordered by key and padded. */
export function sealDelta(stateKey: Uint8Array, header: Omit<Delta, 'ciphertext'>, writes: StateWrites): Uint8Array {
  const ordered = [...writes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key: fromHex(key), value }))
  const plaintext = pad(writesCodec.encode(ordered))
  const ciphertext = sealDeterministic(deltaKeyOf(stateKey, header.runDigest), plaintext, deltaAad(header))
  return deltaCodec.encode({ ...header, ciphertext })
}

/** @throws PROTOCOL_DECRYPT or PROTOCOL_DECODE */
export function openDelta(stateKey: Uint8Array, delta: Delta): StateWrites {
  const plaintext = openDeterministic('delta', deltaKeyOf(stateKey, delta.runDigest), delta.ciphertext, deltaAad(delta))
  return new Map(writesCodec.decode(unpad(plaintext)).map(({ key, value }) => [toHex(key), value]))
}

export const deltaHashOf = (delta: Uint8Array): Hash => keccak256(delta)
