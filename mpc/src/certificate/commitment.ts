import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, randomBytes, toHex, utf8, type Hash } from '@enigma/protocol'

const SALT_BYTES = 32

/** What a node sends to the receiver of a result, and to nobody else: it opens the commitment of its statement. */
export interface ResultOpening {
  readonly node: number
  readonly salt: Uint8Array
  readonly shares: Uint8Array
}

/** Hiding, because the salt has 32 random bytes; binding, as SHA-256 is. The session and the node stand in it. */
export const commitmentOf = (session: Hash, { node, salt, shares }: ResultOpening): Hash =>
  toHex(sha256(concatBytes(utf8(`enigma/mpc/result/1/${session}/${node}/${salt.length}/`), salt, shares))) as Hash

export const openingFor = (node: number, shares: Uint8Array): ResultOpening => ({
  node,
  salt: randomBytes(SALT_BYTES),
  shares
})
