import { keccak_256 } from '@noble/hashes/sha3.js'

/** The first four bytes of keccak256 of a canonical signature, as one number. */
export function selectorOf(signature: string): number {
  const hash = keccak_256(new TextEncoder().encode(signature))
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0)
}
