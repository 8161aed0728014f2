import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentOf, entriesOf, handlesIn, readFooter } from '../../src/ops/level-files/table-format.ts'

/** Shorter than what LevelDB itself puts behind each key: it ends any process that compares such a one. */
const LENGTH = 2

/**
 * Damages one table of a database that nobody has open: the first key of a block that is not packed says that it has 2 bytes.
 * @param pick any number below the given one
 * @returns what was changed; null if there is no such block
 */
export function shortenKey(db: string, pick: (below: number) => number): string | null {
  const places = readdirSync(db)
    .filter(name => name.endsWith('.ldb'))
    .flatMap(name => {
      const table = readFileSync(join(db, name))
      const footer = readFooter(table)
      const index = footer ? entriesOf(contentOf(table, footer.index)) : []
      const blocks = index
        .map(({ value }) => handlesIn(value, 1)[0]!)
        .filter(({ offset, size }) => table[offset + size] === 0)
      return blocks.map(({ offset }) => ({ name, at: offset + 1 }))
    })
  const place = places[pick(places.length || 1)]
  if (place === undefined) return null
  const table = readFileSync(join(db, place.name))
  table[place.at] = LENGTH
  writeFileSync(join(db, place.name), table)
  return `byte ${place.at} of ${place.name}`
}
