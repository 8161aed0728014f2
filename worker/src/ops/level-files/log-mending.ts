import { checksum } from './crc32c.ts'

/**
 * LevelDB's log: blocks of 32 KiB, of records `checksum | u16 length | type | data` that do not cross them.
 * https://github.com/google/leveldb/blob/1.20/doc/log_format.md
 */
const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
const LAST_TYPE = 4
/** LevelDB passes over a type that it does not know; 5 and 6 it has for ends of its own. */
const NO_TYPE = 127

export interface LogDamage {
  /** Stretches that are no records, each of one record or of several. */
  readonly damaged: number
  /** What to write where, so that LevelDB passes over each stretch that has whole records behind it. */
  readonly patches: readonly { readonly at: number; readonly header: Uint8Array }[]
}

/**
 * A damaged record in a log makes LevelDB pass over all others behind it in its block, without a word. What stands at the end, and may be a write
 * that was under way when the power went, counts as damaged only if it has the length that it says.
 */
export function logDamage(log: Uint8Array): LogDamage {
  const patches: { at: number; header: Uint8Array }[] = []
  let damaged = 0
  for (let block = 0; block < log.length; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, log.length)
    for (let at = block; at + HEADER_BYTES <= end;) {
      const next = recordEnd(log, at, end)
      if (next !== null) {
        at = next
        continue
      }
      let found = at + HEADER_BYTES
      while (found < end && recordEnd(log, found, end) === null) found += 1
      if (found < end) patches.push({ at, header: passedOver(log, at, found) })
      if (found < end || end < log.length || isFull(log, at)) damaged += 1
      at = found
    }
  }
  return { damaged, patches }
}

const lengthAt = (log: Uint8Array, at: number): number => log[at + 4]! | (log[at + 5]! << 8)
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Where a whole record ends; null if there is none. */
function recordEnd(log: Uint8Array, at: number, end: number): number | null {
  if (at + HEADER_BYTES > end) return null
  const type = log[at + 6]!
  const next = at + HEADER_BYTES + lengthAt(log, at)
  if (type === 0 || (type > LAST_TYPE && type !== NO_TYPE) || next > end) return null
  return checksum(log, at + 6, next) === view(log).getUint32(at, true) ? next : null
}

const isFull = (log: Uint8Array, at: number): boolean =>
  log[at + 6]! > 0 && log[at + 6]! <= LAST_TYPE && at + HEADER_BYTES + lengthAt(log, at) <= log.length

/** A header that makes one record of all that is there. */
function passedOver(log: Uint8Array, at: number, next: number): Uint8Array {
  const record = log.slice(at, next)
  const header = view(record)
  header.setUint16(4, next - at - HEADER_BYTES, true)
  header.setUint8(6, NO_TYPE)
  header.setUint32(0, checksum(record, 6, record.length), true)
  return record.subarray(0, HEADER_BYTES)
}
