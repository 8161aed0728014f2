import { checkedValue } from '../checksum.ts'
import {
  FOOTER_BYTES,
  SUFFIX_BYTES,
  TRAILER_BYTES,
  blockBytes,
  compareKeys,
  contentOf,
  entriesOf,
  flipBack,
  footerBytes,
  handleBytes,
  handlesIn,
  isEntry,
  isWhole,
  readFooter,
  sequenceOf,
  sizeAt,
  userKey,
  valueKey,
  type Entry,
  type Footer,
  type Handle
} from './table-format.ts'

type Bytes = Uint8Array

/** A data block, and the key up to which the index has it hold all keys; null if the index cannot be read. */
interface Block {
  readonly handle: Handle
  readonly upTo: Bytes | null
}

export interface MendedTable {
  readonly table: Bytes
  /** Single bits that were flipped back: nothing is lost by those. */
  readonly bits: number
  /** Blocks that are not what had been written. */
  readonly damaged: number
  /** Entries of those that can be read. */
  readonly saved: number
}

/**
 * LevelDB does not look at the checksums of its tables, and some of what it finds in a damaged block makes it end the process. So a table with a
 * damaged block gets another one behind its end, of the entries that can be read, and another index. What stands there stays as it is, so that
 * LevelDB need not know: it looks for the footer where the table ended before. A single flipped bit is found by its checksum, and flipped back.
 *
 * @param isStrict mistrusts blocks whose checksum is right, too
 * @returns null if nothing is damaged
 */
export function mendedTable(found: Bytes, isStrict = false): MendedTable | null {
  if (found.length < FOOTER_BYTES || isSound(found, isStrict)) return null // LevelDB says itself that it is too short
  const table = Uint8Array.from(found)
  const bits = flipAllBack(table)
  if (isSound(table, isStrict)) return { table, bits, damaged: 0, saved: 0 }
  const footer = readFooter(table)
  const known = footer && knownBlocks(table, footer.index)
  const blocks = known ?? walkedBlocks(table, footer)
  return { ...rebuilt(table, footer?.bytes ?? table.length, blocks, isStrict || !known), bits }
}

function isSound(table: Bytes, isStrict: boolean): boolean {
  const footer = readFooter(table)
  const blocks = footer && knownBlocks(table, footer.index)
  if (!footer || !blocks || !hasOneFooter(table, footer)) return false
  if (![footer.meta, ...filtersOf(table, footer.meta)].every(handle => isWhole(table, handle))) return false
  return blocks.every(({ handle, upTo }, i) => {
    if (!isWhole(table, handle)) return false
    return !isStrict || inOrder(entriesIn(table, handle), blocks[i - 1]?.upTo ?? null, upTo)
  })
}

function flipAllBack(table: Bytes): number {
  const footer = readFooter(table)
  if (!footer) return 0
  let bits = flipBack(table, footer.index) + flipBack(table, footer.meta)
  const blocks = knownBlocks(table, footer.index) ?? []
  for (const handle of [...filtersOf(table, footer.meta), ...blocks.map(block => block.handle)])
    bits += flipBack(table, handle)
  return bits
}

function rebuilt(table: Bytes, bytes: number, blocks: readonly Block[], isStrict: boolean): Omit<MendedTable, 'bits'> {
  const parts = [table]
  let end = table.length
  const append = (entries: readonly Entry[]): Handle => {
    const block = blockBytes(entries)
    const handle = { offset: end, size: block.length - TRAILER_BYTES }
    parts.push(block)
    end += block.length
    return handle
  }
  const index: Entry[] = []
  let [damaged, saved] = [0, 0]
  let floor: Bytes | null = null
  for (const [i, { handle, upTo }] of blocks.entries()) {
    const whole = isWhole(table, handle)
    const entries = whole && !isStrict ? [] : entriesIn(table, handle)
    if (whole && (!isStrict || inOrder(entries, floor, upTo))) {
      floor = upTo ?? entries.at(-1)!.key
      index.push({ key: floor, value: handleBytes(handle) })
      continue
    }
    if (!whole || upTo) damaged += 1 // a whole one that was found without an index may be the filter
    const isLast = i === blocks.length - 1
    const kept = usable(entries, floor, isLast ? null : (upTo ?? firstKeyAfter(table, blocks, i)))
    if (kept.length === 0) continue
    saved += kept.length
    floor = kept.at(-1)!.key
    index.push({ key: floor, value: handleBytes(append(kept)) })
  }
  const meta = append([]) // without a filter, which goes by the places of blocks
  const footer = footerBytes({ meta, index: append(index), bytes })
  const mended = Buffer.concat([...parts, footer])
  mended.set(footer, bytes - FOOTER_BYTES)
  return { table: mended, damaged, saved }
}

const entriesIn = (table: Bytes, handle: Handle): Entry[] => entriesOf(contentOf(table, handle))

/** The key and the value are those that were written together. */
const isSure = ({ key, value }: Entry): boolean =>
  key.length >= SUFFIX_BYTES && checkedValue(userKey(key), value) !== null

/** No checksum of ours is over sequence and type: what is sure is a value, and was not written four billion writes away from the others. */
function withSuffix(entries: readonly Entry[]): Entry[] {
  const sequences = entries.filter(isSure).map(({ key }) => sequenceOf(key)).sort((a, b) => a - b) // prettier-ignore
  const middle = sequences[sequences.length >> 1] ?? 0
  return entries.map(entry => {
    if (!isSure(entry)) return entry
    const sequence = sequenceOf(entry.key)
    return { ...entry, key: valueKey(userKey(entry.key), Math.abs(sequence - middle) < 2 ** 32 ? sequence : middle) }
  })
}

function inOrder(entries: readonly Entry[], floor: Bytes | null, upTo: Bytes | null): boolean {
  let last = floor
  for (const entry of entries) {
    if (!isEntry(entry) || (last && compareKeys(last, entry.key) >= 0)) return false
    last = entry.key
  }
  return entries.length > 0 && (upTo === null || compareKeys(last!, upTo) <= 0)
}

/**
 * The entries of a damaged block that LevelDB can take: in order, and between those that surely are what had been written. A damaged value under
 * a readable key is among them: whoever reads it notices, as ever. Without a bound, only what is sure.
 */
function usable(entries: readonly Entry[], floor: Bytes | null, upTo: Bytes | null): Entry[] {
  const kept: Entry[] = []
  const candidates = withSuffix(entries).filter(isEntry)
  const ceilings: (Bytes | null)[] = []
  let ceiling = upTo
  for (const [i, entry] of [...candidates.entries()].reverse()) {
    ceilings[i] = ceiling
    if (isSure(entry)) ceiling = entry.key
  }
  for (const [i, entry] of candidates.entries()) {
    const last = kept.at(-1)?.key ?? floor
    const below = ceilings[i] ?? null
    const fits = (!last || compareKeys(last, entry.key) < 0) && (!below || compareKeys(entry.key, below) <= 0)
    if (fits && ((last && below) || isSure(entry))) kept.push(entry)
  }
  return kept
}

function firstKeyAfter(table: Bytes, blocks: readonly Block[], i: number): Bytes | null {
  for (const { handle } of blocks.slice(i + 1)) {
    const entries = isWhole(table, handle) ? entriesIn(table, handle) : []
    if (inOrder(entries, null, null)) return entries[0]!.key
  }
  return null
}

function knownBlocks(table: Bytes, index: Handle): Block[] | null {
  if (!isWhole(table, index)) return null
  const blocks = entriesIn(table, index).map(({ key, value }) => ({ handle: handlesIn(value, 1)[0]!, upTo: key }))
  return blocks.every(({ upTo }) => upTo.length >= 8) ? blocks : null
}

/** Blocks one after the other, found by their checksums; behind a damaged one, those that a damaged index still names. */
function walkedBlocks(table: Bytes, footer: Footer | null): Block[] {
  const end = table.length - FOOTER_BYTES
  const named = footer && footer.index.offset < end ? entriesIn(table, footer.index) : []
  const places = named.map(({ value }) => handlesIn(value, 1)[0]!).filter(handle => isWhole(table, handle))
  const blocks: Block[] = []
  let at = 0
  while (at < end) {
    const next = Math.min(end, ...places.map(({ offset }) => offset).filter(offset => offset > at))
    const size = sizeAt(table.subarray(0, end), at) ?? Math.max(0, next - at - TRAILER_BYTES)
    blocks.push({ handle: { offset: at, size }, upTo: null })
    at += size + TRAILER_BYTES
  }
  const last = blocks.at(-1)
  const isIndex = last && at === end && isWhole(table, last.handle)
  return (isIndex && knownBlocks(table, last.handle)) || blocks
}

const filtersOf = (table: Bytes, meta: Handle): Handle[] =>
  isWhole(table, meta) ? entriesIn(table, meta).map(({ value }) => handlesIn(value, 1)[0]!) : []

function hasOneFooter(table: Bytes, { bytes }: Footer): boolean {
  const [first, last] = [table.subarray(bytes - FOOTER_BYTES, bytes), table.subarray(-FOOTER_BYTES)]
  return Buffer.compare(first, last) === 0
}
