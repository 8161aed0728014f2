import { createHash } from 'node:crypto'
import { bytesPart, openDatabase, type Database } from '../../src/ops/database.ts'

export const COUNT = 300
const shake = (seed: number): Uint8Array => createHash('shake256', { outputLength: 240 }).update(String(seed)).digest()
/** Without any pattern: what LevelDB can compress notices a flipped bit by itself, more often than not. */
export const valueOf = (i: number): Uint8Array => shake(i).subarray(0, 40 + (i % 200))

/** Fills a store with known values and closes it: two thirds of them in a table, as all are that are older than the last start; the rest in the log. */
export async function fill(path: string): Promise<void> {
  for (const [from, to] of [
    [0, (2 * COUNT) / 3],
    [(2 * COUNT) / 3, COUNT]
  ] as const) {
    // prettier-ignore
    const db = await openDatabase(path)
    const part = bytesPart(db, 'things')
    for (let i = from; i < to; i++) {
      const batch = db.batch().put(`k${i}`, valueOf(i), { sublevel: part })
      await batch.write({ sync: i % 50 === 0 } as object)
    }
    await db.close()
  }
}

/** How many values are gone. @throws on one that is wrong */
export async function missing(db: Database): Promise<number> {
  const part = bytesPart(db, 'things')
  const check = (key: string, value: Uint8Array, i: number): void => {
    if (!Buffer.from(value).equals(Buffer.from(valueOf(i)))) throw new Error(`a wrong value was read: ${key}`)
  }
  let gone = 0
  for (let i = 0; i < COUNT; i++) {
    const found = await part.get(`k${i}`)
    if (found === undefined) gone += 1
    else check(`k${i}`, found, i)
  }
  for await (const [key, value] of part.iterator()) check(key, value, Number(key.slice(1)))
  return gone
}
