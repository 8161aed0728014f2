import { createHash } from 'node:crypto'

/** Bytes that a stored value is longer than the value itself. */
export const CHECKSUM_BYTES = 8

/** Bound to the key too: a value that a damaged index shows under another key is noticed. */
function checksumOf(key: Uint8Array, value: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, key.length)
  return createHash('sha256').update(length).update(key).update(value).digest().subarray(0, CHECKSUM_BYTES)
}

/** What goes to disk: the value, then the first 8 bytes of SHA-256(u32 length of the key | key | value). */
export function withChecksum(key: Uint8Array, value: Uint8Array): Uint8Array {
  const stored = new Uint8Array(value.length + CHECKSUM_BYTES)
  stored.set(value)
  stored.set(checksumOf(key, value), value.length)
  return stored
}

/** The value, or null if what is on disk is not what was written under this key. */
export function checkedValue(key: Uint8Array, stored: Uint8Array): Uint8Array | null {
  if (stored.length < CHECKSUM_BYTES) return null
  const value = stored.subarray(0, stored.length - CHECKSUM_BYTES)
  const found = stored.subarray(value.length)
  return checksumOf(key, value).every((byte, i) => byte === found[i]) ? value : null
}
