import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { checkedValue } from '../../../src/ops/checksum.ts'
import { jsonPart, openDatabase } from '../../../src/ops/database.ts'
import {
  contentOf,
  entriesOf,
  handlesIn,
  readFooter,
  userKey,
  type Entry
} from '../../../src/ops/level-files/table-format.ts'
import { mendedTable } from '../../../src/ops/level-files/table-mending.ts'
import { fill } from '../known-values.ts'
import { seededRandom } from '../seeded-random.ts'

const tableIn = (folder: string): Buffer =>
  readFileSync(
    join(
      folder,
      readdirSync(folder).find(name => name.endsWith('.ldb'))!
    )
  )

/** The entries of each data block, as LevelDB finds them. */
function blocksOf(table: Uint8Array): Entry[][] {
  const { index, bytes } = readFooter(table)!
  expect(readFooter(table.subarray(0, bytes))!.index, 'what LevelDB finds where the table ended before').to.deep.equal(
    index
  )
  return entriesOf(contentOf(table, index)).map(({ value }) => entriesOf(contentOf(table, handlesIn(value, 1)[0]!)))
}
const textOf = ({ key, value }: Entry): string =>
  `${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`
/** Without the sequence: no checksum of ours is over it. */
const wordOf = ({ key, value }: Entry): string => textOf({ key: userKey(key), value })
const isSure = ({ key, value }: Entry): boolean => checkedValue(userKey(key), value) !== null

describe('ops/table-mending', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-tables-'))
  const { pick, seed } = seededRandom()
  const tables: Record<string, Buffer> = {}
  before(async () => {
    await fill(join(folder, 'raw'))
    tables['raw'] = tableIn(join(folder, 'raw'))
    const db = await openDatabase(join(folder, 'packed'))
    const part = jsonPart(db, 'packed')
    for (let i = 0; i < 1_000; i++) await part.put(`k${i}`, { number: i, text: `the same words, and ${i * i}` })
    await part.del('k7')
    await db.close()
    await (await openDatabase(join(folder, 'packed'))).close() // from the log into a table
    tables['packed'] = tableIn(join(folder, 'packed'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('reads the entries of a table, raw and packed', () => {
    const [raw, packed] = [blocksOf(tables['raw']!), blocksOf(tables['packed']!)]
    expect(raw.flat()).to.have.length(200)
    expect(packed.flat(), 'the deletion, too').to.have.length(1_001)
    expect(packed.flat().filter(entry => !isSure(entry))).to.have.length(1)
    expect([raw.length > 3, packed.length > 3]).to.deep.equal([true, true])
    for (const table of Object.values(tables)) expect(mendedTable(table, true)).to.equal(null)
  })

  for (const kind of ['raw', 'packed']) {
    it(`sets any bit right that was flipped in a ${kind} table`, () => {
      const table = tables[kind]!
      const all = blocksOf(table).flat().map(textOf)
      for (let round = 0; round < 500; round++) {
        const bit = round < 384 ? 8 * (table.length - 48) + round : pick(8 * table.length) // all of the footer, and anywhere
        const where = `SEED=${seed} bit ${bit} of ${table.length} bytes`
        const flipped = Uint8Array.from(table)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        const mended = mendedTable(flipped)
        const at = (bit >> 3) - (table.length - 48)
        if (mended === null) {
          expect(at >= 8 && at < 40, `${where} was not noticed, and is not where a footer has nothing`).to.equal(true)
          continue
        }
        if (at < 0) expect(Buffer.compare(mended.table, table), where).to.equal(0)
        expect(mendedTable(mended.table, true), where).to.equal(null)
        expect(blocksOf(mended.table).flat().map(textOf), where).to.deep.equal(all)
      }
    })

    it(`notices bits that were flipped in a ${kind} table, and keeps all other blocks and no wrong value`, () => {
      const table = tables[kind]!
      const blocks = blocksOf(table)
      const all = new Set(blocks.flat().map(textOf))
      const words = new Set(blocks.flat().map(wordOf))
      const largest = Math.max(...blocks.map(entries => entries.length))
      let lostMost = 0
      for (let round = 0; round < 150; round++) {
        const flipped = Uint8Array.from(table)
        const at = pick(table.length - 3)
        for (const next of [0, 1, 2]) flipped[at + next]! ^= 1 + pick(255)
        const where = `SEED=${seed} round ${round}, byte ${at} of ${table.length}`
        const mended = mendedTable(flipped)
        if (mended === null) {
          expect(at, where).to.be.greaterThan(table.length - 48)
          continue
        }
        expect(mendedTable(mended.table, true), where).to.equal(null)
        const found = blocksOf(mended.table).flat()
        for (const entry of found) expect(!isSure(entry) || words.has(wordOf(entry)), where).to.equal(true)
        const whole = found.filter(entry => all.has(textOf(entry))).length
        expect(whole, where).to.be.at.least(all.size - 2 * largest) // it may be where two blocks meet
        lostMost = Math.max(lostMost, all.size - whole)
      }
      expect(lostMost, 'some of it must cost something').to.be.greaterThan(0)
    })

    it(`makes a ${kind} table harmless that is damaged in many places, and one that it mended before`, () => {
      const table = tables[kind]!
      const words = new Set(blocksOf(table).flat().map(wordOf))
      for (let round = 0; round < 60; round++) {
        let damaged: Uint8Array = Uint8Array.from(table)
        for (let again = 0; again < 3; again++) {
          const [from, count] = [pick(damaged.length), round % 3 === 0 ? pick(5_000) : 1 + pick(4)]
          for (let i = 0; i < count; i++) damaged[round % 3 === 0 ? from + i : pick(damaged.length)] = pick(256)
          damaged = mendedTable(damaged)?.table ?? damaged
          const where = `SEED=${seed} round ${round}.${again}`
          expect(mendedTable(damaged, true), where).to.equal(null)
          for (const entry of blocksOf(damaged).flat())
            expect(!isSure(entry) || words.has(wordOf(entry)), where).to.equal(true)
        }
      }
    })
  }

  it('takes what is no table for an empty one', () => {
    for (const bytes of [48, 100, 10_000]) {
      const mended = mendedTable(new Uint8Array(bytes).fill(7))!
      expect(blocksOf(mended.table)).to.deep.equal([])
    }
  })
})
