import type { Hash } from '@enigma/protocol'
import { jsonPart, numberKey, type Database } from '../ops/database.ts'
import type { ChainHead } from './reader.ts'
import type { RawLog } from './quantities.ts'

/** A block that carries events of Enigma. */
export interface StoredBlock extends ChainHead {
  readonly logs: readonly Pick<RawLog, 'topics' | 'data' | 'logIndex'>[]
}

/** Headers kept below the head, to find the common block after a reorg. */
export const KEPT_HEADERS = 256

/**
 * The index on disk: the raw events by block, the latest headers, and how far it reaches. It can always be rebuilt from
 * the chain, so its writes are atomic but not synced.
 */
export interface IndexStore {
  cursor(): Promise<ChainHead | null>
  /** Whether all blocks are there that were written: a damaged one is missing. Reads them all. */
  isWhole(): Promise<boolean>
  headers(): Promise<readonly ChainHead[]>
  blocks(): AsyncIterable<StoredBlock>
  /** The events of one block; null if none are stored. */
  block(number: number): Promise<StoredBlock | null>
  /** Adds consecutive blocks; the last of `headers` is the new cursor. */
  append(blocks: readonly StoredBlock[], headers: readonly ChainHead[]): Promise<void>
  /** Forgets everything above `to`; null forgets all. */
  truncate(to: ChainHead | null): Promise<void>
}

/** How far the index reaches, and of how many blocks it consists. */
interface Cursor extends ChainHead {
  readonly blocks: number
}

export function createIndexStore(db: Database): IndexStore {
  const blocks = jsonPart<StoredBlock>(db, 'index-blocks')
  const headers = jsonPart<ChainHead>(db, 'index-headers')
  const meta = jsonPart<Cursor>(db, 'index-meta')
  const cursorOf = (head: ChainHead, count: number): Cursor => ({ ...headOf(head), blocks: count })
  const stored = async (): Promise<number> => (await meta.get('cursor'))?.blocks ?? 0

  return {
    async cursor() {
      const found = await meta.get('cursor')
      return found ? headOf(found) : null
    },
    async isWhole() {
      let found = 0
      for await (const _ of blocks.keys()) found += 1
      return found === (await stored())
    },
    async headers() {
      const found: ChainHead[] = []
      for await (const header of headers.values()) found.push(header)
      return found
    },
    async *blocks() {
      for await (const block of blocks.values()) yield block
    },
    block: async number => (await blocks.get(numberKey(number))) ?? null,
    async append(added, heads) {
      const cursor = heads.at(-1)
      if (!cursor) return
      const batch = db.batch()
      const count = (await stored()) + added.length
      for (const block of added) batch.put(numberKey(block.number), block, { sublevel: blocks })
      for (const head of heads.slice(-KEPT_HEADERS)) batch.put(numberKey(head.number), head, { sublevel: headers })
      for await (const key of headers.keys({ lt: numberKey(Math.max(0, cursor.number - KEPT_HEADERS)) })) {
        batch.del(key, { sublevel: headers })
      }
      batch.put('cursor', cursorOf(cursor, count), { sublevel: meta })
      await batch.write()
    },
    async truncate(to) {
      const batch = db.batch()
      const range = to ? { gt: numberKey(to.number) } : {}
      let count = await stored()
      for await (const key of blocks.keys(range)) {
        batch.del(key, { sublevel: blocks })
        count -= 1
      }
      for await (const key of headers.keys(range)) batch.del(key, { sublevel: headers })
      if (to) batch.put('cursor', cursorOf(to, count), { sublevel: meta })
      else batch.del('cursor', { sublevel: meta })
      await batch.write()
    }
  }
}

export const headOf = (block: { number: number; hash: Hash; time: number }): ChainHead => ({
  number: block.number,
  hash: block.hash,
  time: block.time
})
