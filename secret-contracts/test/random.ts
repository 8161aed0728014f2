import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8 } from '@enigma/protocol'

/** Repeatable random numbers for tests. */
export interface Random {
  bytes(count: number): Uint8Array
  below(bound: number): number
}

export function randomFrom(seed: string): Random {
  let state = keccak_256(utf8(seed))
  const next = (): Uint8Array => (state = keccak_256(state))
  return {
    bytes(count) {
      const out = new Uint8Array(count)
      for (let at = 0; at < count; at += 32) out.set(next().subarray(0, Math.min(32, count - at)), at)
      return out
    },
    below: bound => new DataView(next().buffer).getUint32(0) % bound
  }
}
