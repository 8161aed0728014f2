import { chacha20 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '@enigma/protocol'

/**
 * A deterministic stream of random bytes: ChaCha20 under HKDF-SHA256(seed, label), one nonce per request.
 * Who does not know the seed cannot tell it from chance; every seat with the same seed gets the same bytes.
 */
export function randomStream(seed: Uint8Array, label: string): (count: number) => Uint8Array {
  const key = hkdf(sha256, seed, undefined, utf8(label), 32)
  const nonce = new Uint8Array(12)
  const counter = new DataView(nonce.buffer)
  let requests = 0
  return count => {
    counter.setUint32(8, requests++)
    return chacha20(key, nonce, new Uint8Array(count))
  }
}
