import { gcmsiv } from '@noble/ciphers/aes.js'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { randomBytes } from '@noble/hashes/utils.js'
import { concatBytes } from './bytes.ts'
import { ProtocolError } from './errors.ts'

export { randomBytes }

const NONCE_24 = new Uint8Array(24)
const NONCE_12 = new Uint8Array(12)

const decryptError = (what: string): ProtocolError =>
  new ProtocolError({ code: 'PROTOCOL_DECRYPT', what }, `${what} does not open: the key or the bytes are wrong.`)

/** XChaCha20-Poly1305 under a key that is used once, hence with nonce 0. Adds 16 bytes. */
export function sealOnce(key: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array): Uint8Array {
  return xchacha20poly1305(key, NONCE_24, aad).encrypt(plaintext)
}

/** @throws PROTOCOL_DECRYPT */
export function openOnce(what: string, key: Uint8Array, ciphertext: Uint8Array, aad?: Uint8Array): Uint8Array {
  try {
    return xchacha20poly1305(key, NONCE_24, aad).decrypt(ciphertext)
  } catch {
    throw decryptError(what)
  }
}

/** XChaCha20-Poly1305 with a nonce of the caller's, 24 bytes. */
export function sealWithNonce(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  return xchacha20poly1305(key, nonce, aad).encrypt(plaintext)
}

/** @throws PROTOCOL_DECRYPT */
export function openWithNonce(
  what: string,
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Uint8Array,
  aad: Uint8Array
): Uint8Array {
  try {
    return xchacha20poly1305(key, nonce, aad).decrypt(ciphertext)
  } catch {
    throw decryptError(what)
  }
}

/** AES-256-GCM-SIV (RFC 8452) with nonce 0: the same plaintext under the same key is the same ciphertext, as R6 wants. */
export function sealDeterministic(key: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  return gcmsiv(key, NONCE_12, aad).encrypt(plaintext)
}

/** @throws PROTOCOL_DECRYPT */
export function openDeterministic(what: string, key: Uint8Array, ciphertext: Uint8Array, aad: Uint8Array): Uint8Array {
  try {
    return gcmsiv(key, NONCE_12, aad).decrypt(ciphertext)
  } catch {
    throw decryptError(what)
  }
}

/** Sealing to oneself: AES-256-GCM-SIV with a random nonce, which stands in front. */
export function sealRandom(key: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const nonce = randomBytes(12)
  return concatBytes(nonce, gcmsiv(key, nonce, aad).encrypt(plaintext))
}

/** @throws PROTOCOL_DECRYPT */
export function openRandom(what: string, key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array {
  if (sealed.length < 28) throw decryptError(what)
  try {
    return gcmsiv(key, sealed.subarray(0, 12), aad).decrypt(sealed.subarray(12))
  } catch {
    throw decryptError(what)
  }
}
