import { x25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, toHex } from './bytes.ts'
import { abiEncode, hkdf } from './hashing.ts'
import { nativeX25519 } from './native.ts'
import type { Address, Hash, Key32, ScAddr } from './ids.ts'
import { ProtocolError } from './errors.ts'

/** Every derived key: HKDF-SHA256 with an abi.encoded info, so that no two uses share a key. */

export interface X25519Pair {
  readonly publicKey: Key32
  readonly privateKey: Uint8Array
}

export function x25519Pair(privateKey: Uint8Array = x25519.utils.randomSecretKey()): X25519Pair {
  return { privateKey, publicKey: toHex(x25519.getPublicKey(privateKey)) as Key32 }
}

/** Node.js agrees on a key some twenty times as fast as JavaScript does; a browser has the latter. */
const agree = nativeX25519() ?? x25519.getSharedSecret

/** @throws PROTOCOL_DECRYPT for a public key of low order. */
export function sharedSecret(privateKey: Uint8Array, publicKey: Key32): Uint8Array {
  try {
    return agree(privateKey, fromHex(publicKey, 32))
  } catch {
    throw new ProtocolError({ code: 'PROTOCOL_DECRYPT', what: 'public key' }, 'The public key is not usable.')
  }
}

/** R9. */
export function stateKeyOf(
  root: Uint8Array,
  chainId: bigint,
  enigma: Address,
  scAddr: ScAddr,
  generation: number
): Uint8Array {
  return hkdf(
    root,
    abiEncode(['string', 'uint256', 'address', 'bytes32', 'uint32'], ['state', chainId, enigma, scAddr, generation])
  )
}

/** R14: every attested enclave that holds the root is the same principal. */
export function principalSecretOf(
  root: Uint8Array,
  label: 'signer' | 'transport',
  chainId: bigint,
  enigma: Address
): Uint8Array {
  const seed = hkdf(root, abiEncode(['string', 'uint256', 'address'], [`principal/${label}`, chainId, enigma]))
  if (label === 'transport') return seed
  // 32 uniform bytes are a valid secp256k1 scalar but with probability 2^-128; then say so instead of signing with it.
  if (!secp256k1.utils.isValidSecretKey(seed)) throw new Error('The root gives no valid signing key.')
  return seed
}

/** R6: keys of one run's output, error, log and trace, known to the requester and the enclaves of the seats. */
export function runKeyOf(cek: Uint8Array, label: 'output' | 'error' | 'log' | 'trace', runDigest: Hash): Uint8Array {
  return hkdf(cek, abiEncode(['string', 'bytes32'], [label, runDigest]))
}

/** R6: the seed of a run's randomness. */
export const randomSeedOf = (stateKey: Uint8Array, runDigest: Hash): Uint8Array =>
  hkdf(stateKey, abiEncode(['string', 'bytes32'], ['random', runDigest]))

/** R6: the key of a run's delta. */
export const deltaKeyOf = (stateKey: Uint8Array, runDigest: Hash): Uint8Array =>
  hkdf(stateKey, abiEncode(['string', 'bytes32'], ['delta', runDigest]))
