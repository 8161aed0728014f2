import { checksum } from './crc32c.ts'
import { BLOCK_BYTES, HEADER_BYTES, NO_TYPE, isFull, recordEnd, view } from './log-format.ts'

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
export function logDamage(file: Uint8Array): LogDamage {
  const log = file.subarray(0, 1 + file.findLastIndex(byte => byte !== 0)) // behind that is space without a write
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

/** A header that makes one record of all that is there. */
function passedOver(log: Uint8Array, at: number, next: number): Uint8Array {
  const record = log.slice(at, next)
  const header = view(record)
  header.setUint16(4, next - at - HEADER_BYTES, true)
  header.setUint8(6, NO_TYPE)
  header.setUint32(0, checksum(record, 6, record.length), true)
  return record.subarray(0, HEADER_BYTES)
}
