import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { AbiCoder } from 'ethers'
import { encodeWords, type AbiValue } from './abi-words.ts'
import { fromHex, toHex } from './bytes.ts'
import type { Hash } from './ids.ts'

export type { AbiValue } from './abi-words.ts'

/** Solidity's `abi.encode`. Every hashed tuple and every HKDF info is one, labels as strings. */
export function abiEncode(types: readonly string[], values: readonly AbiValue[]): Uint8Array {
  return encodeWords(types, values) ?? fromHex(AbiCoder.defaultAbiCoder().encode(types, values))
}

export function keccak256(data: Uint8Array): Hash {
  return toHex(keccak_256(data)) as Hash
}

export function keccakTuple(types: readonly string[], values: readonly AbiValue[]): Hash {
  return keccak256(abiEncode(types, values))
}

export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return hmac(sha256, key, data)
}

/** HKDF-SHA256 without salt (RFC 5869): `info` separates the uses of one key. 32 bytes. */
export function hkdf(key: Uint8Array, info: Uint8Array): Uint8Array {
  return nobleHkdf(sha256, key, undefined, info, 32)
}
