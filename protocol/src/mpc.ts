import { concatBytes, fromHex, toHex, type Hex } from './bytes.ts'
import { bytes, bytes32, list, message, text, u32, u8, type Codec } from './codec.ts'
import { openOnce, sealOnce } from './aead.ts'
import { abiEncode, hkdf, keccakTuple } from './hashing.ts'
import type { Hash, Key32 } from './ids.ts'
import { sharedSecret, x25519Pair } from './keys.ts'
import type { MpcOpenRequest } from './enclave/mpc-calls.ts'

/**
 * What a data owner deals to one node: shares, or a seed of them, and what may be done with them. An enclave lets an input enter
 * only operations that are named here, and gives their results only to this recipient. docs/spec/mpc-host.md
 */
export interface MpcPackage {
  readonly kind: number // 0 seed, 1 shares
  readonly count: number
  readonly body: Uint8Array
  readonly recipient: Key32
  readonly operations: readonly string[]
}

/** Fits a frame of the enclave boundary; a longer column comes as several inputs. */
export const MAX_MPC_PACKAGE_BYTES = 960 * 1024

export const mpcPackage: Codec<MpcPackage> = message<MpcPackage>(
  'MpcPackage',
  1,
  {
    kind: u8,
    count: u32,
    body: bytes(MAX_MPC_PACKAGE_BYTES),
    recipient: bytes32<Key32>(),
    operations: list(text(32), 16)
  },
  MAX_MPC_PACKAGE_BYTES + 1024
)

/** What an enclave signs when it offers a key for a session. */
export const mpcOfferDigest = (session: Hash, key: Key32): Hash =>
  keccakTuple(['string', 'bytes32', 'bytes32'], ['enigma/mpc-offer', session, key])

/** What the nodes of a session are asked to open, as far as they must agree on it. */
export type MpcTerms = Pick<
  MpcOpenRequest,
  'session' | 'prime' | 'degree' | 'active' | 'wholeBits' | 'fractionBits' | 'offers'
>

/** What all nodes of a session must agree on; their keys differ if they do not. protocol/vectors/mpc.json */
export const mpcAgreementOf = ({ session, prime, degree, active, wholeBits, fractionBits, offers }: MpcTerms): Hash =>
  offers.reduce(
    (before, { key, attested }) =>
      keccakTuple(['bytes32', 'bytes32', 'address'], [before, key, attested.report.signer]),
    keccakTuple(
      ['string', 'bytes32', 'string', 'uint8', 'bool', 'uint16', 'uint16'],
      ['enigma/mpc-session/2', session, prime, degree, active, wholeBits, fractionBits]
    )
  )

/** What a sealed message is for: it opens for nothing else. */
export interface MpcPurpose {
  readonly label: 'input' | 'result'
  readonly session: Hash
  readonly node: Hex // signer of the enclave that is to read it, or that wrote it
  readonly name: string // of the input, or of the operation
}

const keyOf = (
  secret: Uint8Array,
  ephemeral: Key32,
  reader: Key32,
  { label, session, node, name }: MpcPurpose
): Uint8Array =>
  hkdf(
    secret,
    abiEncode(
      ['string', 'bytes32', 'address', 'string', 'bytes32', 'bytes32'],
      [`mpc/${label}`, session, node, name, ephemeral, reader]
    )
  )

/** Encrypts to the holder of an X25519 key, under a key pair made for this message. Adds 48 bytes. */
export function sealForMpc(reader: Key32, purpose: MpcPurpose, plaintext: Uint8Array): Uint8Array {
  const { publicKey, privateKey } = x25519Pair()
  const key = keyOf(sharedSecret(privateKey, reader), publicKey, reader, purpose)
  return concatBytes(fromHex(publicKey), sealOnce(key, plaintext))
}

/** @throws PROTOCOL_DECRYPT */
export function openForMpc(
  { publicKey, privateKey }: { readonly publicKey: Key32; readonly privateKey: Uint8Array },
  purpose: MpcPurpose,
  sealed: Uint8Array
): Uint8Array {
  const ephemeral = toHex(sealed.subarray(0, 32)) as Key32
  const key = keyOf(sharedSecret(privateKey, ephemeral), ephemeral, publicKey, purpose)
  return openOnce(`the ${purpose.label}`, key, sealed.subarray(32))
}
