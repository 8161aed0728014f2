import { checksum, crcStep, flippedBit, masked } from './crc32c.ts'
import { unpacked } from './snappy.ts'
import { Varints, varint } from './varints.ts'

/**
 * LevelDB's tables, read without trust: a block is `content | kind | checksum`, entries of a data block are keys in order, each with 8 bytes of
 * sequence and type at its end. https://github.com/google/leveldb/blob/1.20/doc/table_format.md
 */
type Bytes = Uint8Array

export interface Handle {
  readonly offset: number
  readonly size: number // of the content
}

export interface Entry {
  readonly key: Bytes // with its sequence and type
  readonly value: Bytes
}

export const TRAILER_BYTES = 5 // kind (0 raw, 1 snappy), checksum
export const FOOTER_BYTES = 48
const MAGIC_AT = 40
const LENGTH_AT = 36 // two handles of a table below 4 GiB need 20 bytes
const MAGIC = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb)
export const SUFFIX_BYTES = 8

const view = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export function isWhole(table: Bytes, { offset, size }: Handle): boolean {
  const end = offset + size + 1
  if (!(end + 4 <= table.length)) return false
  return checksum(table, offset, end) === view(table).getUint32(end, true)
}

/** Flips the one bit back that makes the block whole. @returns 1, or 0 if it is whole, or no single one does */
export function flipBack(table: Bytes, handle: Handle): number {
  const { offset, size } = handle
  const end = offset + size + 1
  if (!(end + 4 <= table.length) || isWhole(table, handle)) return 0
  const bit = flippedBit(table, offset, end, end)
  if (bit === null) return 0
  table[bit >> 3]! ^= 1 << (bit & 7)
  return 1
}

/** The size of a whole block that begins here, found by its checksum alone; null if there is none. */
export function sizeAt(table: Bytes, offset: number): number | null {
  const read = view(table)
  let crc = -1
  for (let i = offset; i + 5 <= table.length; i++) {
    crc = crcStep(crc, table[i]!)
    if (masked(crc) === read.getUint32(i + 1, true) && i - offset >= 4) return i - offset
  }
  return null
}

export function handlesIn(bytes: Bytes, count: number): Handle[] {
  const read = new Varints(bytes)
  return Array.from({ length: count }, () => ({ offset: read.next(), size: read.next() }))
}

export const handleBytes = ({ offset, size }: Handle): Bytes => Uint8Array.from([...varint(offset), ...varint(size)])

export interface Footer {
  readonly index: Handle
  readonly meta: Handle // names the filter
  /** Bytes of the table that LevelDB knows of: it looks for a footer at their end. A mended table is longer, and has this one at its own end, too. */
  readonly bytes: number
}

/** Null if these are no two handles with LevelDB's mark behind them. Where a mended table notes its first length, others have zeros. */
export function readFooter(table: Bytes): Footer | null {
  if (!isFooterAt(table.length)) return null
  const footer = table.subarray(-FOOTER_BYTES)
  const [meta, index] = handlesIn(footer, 2) as [Handle, Handle]
  const noted = view(footer).getUint32(LENGTH_AT, true)
  return { meta, index, bytes: isFooterAt(noted) ? noted : table.length }

  function isFooterAt(end: number): boolean {
    const mark = table.subarray(end + MAGIC_AT - FOOTER_BYTES, end)
    return end >= FOOTER_BYTES && Buffer.compare(mark, MAGIC) === 0
  }
}

export function footerBytes({ meta, index, bytes }: Footer): Bytes {
  const footer = new Uint8Array(FOOTER_BYTES)
  footer.set([...handleBytes(meta), ...handleBytes(index)])
  view(footer).setUint32(LENGTH_AT, bytes, true)
  footer.set(MAGIC, MAGIC_AT)
  return footer
}

/** What a block holds; of a damaged one as much as can be unpacked. */
export function contentOf(table: Bytes, { offset, size }: Handle): Bytes {
  const stored = table.subarray(offset, offset + size)
  return table[offset + size] === 1 ? unpacked(stored) : stored
}

/** Entries from each of these places to the next, as far as they can be told apart. */
function entriesFrom(content: Bytes, starts: readonly number[], limit: number): Entry[] {
  const entries: Entry[] = []
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? limit
    const read = new Varints(content, start)
    let key: Bytes = new Uint8Array()
    while (read.at < end) {
      const [shared, more, length] = [read.next(), read.next(), read.next()]
      const value = read.at + more
      if (!(shared <= key.length && value + length <= end)) break
      key = Buffer.concat([key.subarray(0, shared), content.subarray(read.at, value)])
      entries.push({ key, value: content.subarray(value, value + length) })
      read.at = value + length
    }
  }
  return entries
}

/**
 * The entries of a block. A damaged one is read twice, straight on and anew from each of the places it names, because either the entries
 * or the places may be damaged; what makes more sense is taken.
 */
export function entriesOf(content: Bytes): Entry[] {
  const read = view(content)
  const word = (i: number): number => read.getUint32(content.length - 4 * (i + 1), true)
  const count = content.length >= 4 ? word(0) : 0
  const limit = content.length - 4 * (count + 1)
  if (limit < 0) return entriesFrom(content, [0], content.length)
  const places = Array.from({ length: count }, (_, i) => word(count - i))
  const starts = places.filter((place, i) => place < limit && (i === 0 || place > places[i - 1]!))
  const [straight, anew] = [entriesFrom(content, [0], limit), entriesFrom(content, starts, limit)]
  const sense = (entries: Entry[]): number => entries.filter(isEntry).length
  return sense(anew) > sense(straight) ? anew : straight
}

/** Has a sequence, and a type that LevelDB knows: 0 for a deletion, 1 for a value. */
export const isEntry = ({ key }: Entry): boolean => key.length >= SUFFIX_BYTES && key[key.length - SUFFIX_BYTES]! <= 1

export const userKey = (key: Bytes): Bytes => key.subarray(0, -SUFFIX_BYTES)

/** How many writes were before this one: 56 bits, of which those below 2^53 are exact. */
export function sequenceOf(key: Bytes): number {
  const suffix = view(key.subarray(-SUFFIX_BYTES))
  return suffix.getUint32(4, true) * 2 ** 24 + (suffix.getUint32(0, true) >>> 8)
}

/** The key under which LevelDB keeps a value. */
export function valueKey(user: Bytes, sequence: number): Bytes {
  const key = Buffer.alloc(user.length + SUFFIX_BYTES)
  key.set(user)
  key.writeBigUInt64LE(BigInt(sequence) * 256n + 1n, user.length)
  return key
}

/** LevelDB's order: by key, of one key the newest first. */
export function compareKeys(a: Bytes, b: Bytes): number {
  const byKey = Buffer.compare(userKey(a), userKey(b))
  if (byKey !== 0) return byKey
  const suffix = (key: Bytes): bigint => view(key).getBigUint64(key.length - SUFFIX_BYTES, true)
  return suffix(a) > suffix(b) ? -1 : Number(suffix(a) < suffix(b))
}

/** A block as it is stored, its checksum included. Without entries LevelDB takes it for an empty one. */
export function blockBytes(entries: readonly Entry[]): Bytes {
  const parts: Bytes[] = []
  const places = new Uint8Array(4 * (entries.length + 1))
  let size = 0
  for (const [i, { key, value }] of entries.entries()) {
    view(places).setUint32(4 * i, size, true)
    const head = Uint8Array.from([0, ...varint(key.length), ...varint(value.length)])
    parts.push(head, key, value)
    size += head.length + key.length + value.length
  }
  view(places).setUint32(4 * entries.length, entries.length, true)
  const block = Buffer.concat([...parts, places, new Uint8Array(TRAILER_BYTES)])
  block.writeUInt32LE(checksum(block, 0, block.length - 4), block.length - 4)
  return block
}
