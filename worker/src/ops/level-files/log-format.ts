import { checksum } from './crc32c.ts'

/**
 * LevelDB's log: blocks of 32 KiB, of records `checksum | u16 length | type | data` that do not cross them.
 * https://github.com/google/leveldb/blob/1.20/doc/log_format.md
 */
export const BLOCK_BYTES = 32 * 1024
export const HEADER_BYTES = 7
/** Of a commit: all, the first part; the others are 3, and 4 for the last. */
const FULL_TYPE = 1
const FIRST_TYPE = 2
const LAST_TYPE = 4
/** LevelDB passes over a type that it does not know; 5 and 6 it has for ends of its own. */
export const NO_TYPE = 127

export const lengthAt = (log: Uint8Array, at: number): number => log[at + 4]! | (log[at + 5]! << 8)
export const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Where a whole record ends; null if there is none. */
export function recordEnd(log: Uint8Array, at: number, end: number): number | null {
  if (at + HEADER_BYTES > end) return null
  const type = log[at + 6]!
  const next = at + HEADER_BYTES + lengthAt(log, at)
  if (type === 0 || (type > LAST_TYPE && type !== NO_TYPE) || next > end) return null
  return checksum(log, at + 6, next) === view(log).getUint32(at, true) ? next : null
}

/** Has the length that it says, and may be damaged for all that. */
export const isFull = (log: Uint8Array, at: number, end = log.length): boolean =>
  log[at + 6]! > 0 && log[at + 6]! <= LAST_TYPE && at + HEADER_BYTES + lengthAt(log, at) <= end

/** What was written by and by, up to where it was cut off; null if something in between is damaged. */
export function commitsOf(log: Uint8Array): Uint8Array[] | null {
  const commits: Uint8Array[] = []
  let parts: Uint8Array[] = []
  for (let block = 0; block < log.length; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, log.length)
    for (let at = block; at + HEADER_BYTES <= end;) {
      const next = recordEnd(log, at, end)
      if (next === null) return end === log.length && !isFull(log, at) ? commits : null
      const type = log[at + 6]!
      if (type <= FIRST_TYPE) parts = []
      parts.push(log.subarray(at + HEADER_BYTES, next))
      if (type === FULL_TYPE || type === LAST_TYPE) commits.push(Buffer.concat(parts))
      at = next
    }
  }
  return commits
}
