import { checksum, flippedBit } from './crc32c.ts'
import { BLOCK_BYTES, HEADER_BYTES, NO_TYPE, isFull, lengthAt, recordEnd, view } from './log-format.ts'

export interface LogDamage {
  /** Records that are set right. */
  readonly righted: number
  /** Stretches that are no records, each of one record or of several. */
  readonly damaged: number
  /** What to write where, so that LevelDB reads what is right again, and passes over each stretch that has whole records behind it. */
  readonly patches: readonly Patch[]
}

interface Patch {
  readonly at: number
  readonly bytes: Uint8Array
}

/**
 * A damaged record in a log makes LevelDB pass over all others behind it in its block, without a word. A single flipped bit is found by the checksum. What
 * stands at the end, and may be a write that was under way when the power went, counts as damaged only if it has the length that it says.
 */
export function logDamage(file: Uint8Array): LogDamage {
  const log = Uint8Array.from(file)
  const written = 1 + log.findLastIndex(byte => byte !== 0) // behind that is space without a write
  const patches: Patch[] = []
  let [righted, damaged] = [0, 0]
  for (let block = 0; block < written; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, log.length)
    for (let at = block; at + HEADER_BYTES <= end && at < written;) {
      let next = recordEnd(log, at, end)
      if (next === null) {
        next = at + HEADER_BYTES
        while (next < end && recordEnd(log, next, end) === null) next += 1
        const patch = rightBit(log, at, end) ?? rightLength(log, at, next)
        if (patch) {
          righted += 1
          patches.push(patch)
          log.set(patch.bytes, patch.at)
          continue
        }
        if (next < end) patches.push({ at, bytes: passedOver(log, at, next) })
        if (next < end || end < written || isFull(log, at, written)) damaged += 1
      }
      at = next
    }
  }
  return { righted, damaged, patches }
}

/** Flips one bit of checksum, type and data. */
function rightBit(log: Uint8Array, at: number, end: number): Patch | null {
  const next = at + HEADER_BYTES + lengthAt(log, at)
  const bit = next > end ? null : flippedBit(log, at + 6, next, at)
  if (bit === null) return null
  const patch = { at: bit >> 3, bytes: Uint8Array.of(log[bit >> 3]! ^ (1 << (bit & 7))) }
  return isRight(log, at, end, patch) ? patch : null
}

/** A length that is damaged follows from where the next record begins. */
function rightLength(log: Uint8Array, at: number, next: number): Patch | null {
  const length = next - at - HEADER_BYTES
  const patch = { at: at + 4, bytes: Uint8Array.of(length & 255, length >> 8) }
  return isRight(log, at, next, patch) ? patch : null
}

function isRight(log: Uint8Array, at: number, end: number, patch: Patch): boolean {
  const record = log.slice(at, end)
  record.set(patch.bytes, patch.at - at)
  return recordEnd(record, 0, record.length) !== null
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
