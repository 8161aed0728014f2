import * as host from './host'
import { Address, Bytes32 } from './types'

export namespace crypto {
  export function keccak256(bytes: Uint8Array): Bytes32 {
    const hash = new Bytes32()
    host.keccak256(bytes.dataStart, bytes.length, changetype<usize>(hash))
    return hash
  }

  /** Who signed `hash` (65 bytes r, s, v). The zero address if the signature is not valid; high-s ones are not. */
  export function recoverSigner(hash: Bytes32, signature: Uint8Array): Address {
    const signer = new Address()
    if (signature.length == 65) host.ecrecover(changetype<usize>(hash), signature.dataStart, changetype<usize>(signer))
    return signer
  }

  /** AES-256-GCM-SIV under a key of the contract's own: a fresh nonce, the ciphertext, a tag; 28 bytes longer than `bytes`. */
  export function encrypt(key: Bytes32, bytes: Uint8Array): Uint8Array {
    const sealed = new Uint8Array(bytes.length + 28)
    host.encrypt(changetype<usize>(key), bytes.dataStart, bytes.length, sealed.dataStart)
    return sealed
  }

  /** Null if the key is wrong or the bytes were altered. */
  export function decrypt(key: Bytes32, sealed: Uint8Array): Uint8Array | null {
    if (sealed.length < 28) return null
    const bytes = new Uint8Array(sealed.length - 28)
    const length = host.decrypt(changetype<usize>(key), sealed.dataStart, sealed.length, bytes.dataStart)
    return length < 0 ? null : bytes
  }
}
