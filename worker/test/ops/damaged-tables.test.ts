import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { bytesPart, openDatabase } from '../../src/ops/database.ts'
import { inChild } from '../../src/ops/in-child.ts'
import { checkFiles } from '../../src/ops/level-files/file-check.ts'
import { checksum } from '../../src/ops/level-files/crc32c.ts'
import { uncleanEnds } from '../../src/ops/unclean-ends.ts'
import { readApart } from './flipped-reader.ts'
import { COUNT, fill } from './known-values.ts'
import { seededRandom } from './seeded-random.ts'

/** Entries that LevelDB packs behind one whole key: no more of them hang on one bit. */
const RESTART = 16
/** At the end of a log, damage may look like a write that was cut off. */
const LAST_RECORD = 300

describe('ops/damaged tables', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'enigma-tables-'))
  let next = 0
  const fresh = (): string => join(folder, String(next++))
  let filled: string
  before(() => fill((filled = fresh())))
  after(() => rmSync(folder, { recursive: true, force: true }))

  const copyOf = (path: string): string => {
    const copy = fresh()
    cpSync(path, copy, { recursive: true })
    return copy
  }
  const tableOf = (path: string): string =>
    join(
      path,
      readdirSync(path).find(name => name.endsWith('.ldb'))!
    )
  const change = (file: string, work: (bytes: Buffer) => void): Buffer => {
    const bytes = readFileSync(file)
    work(bytes)
    writeFileSync(file, bytes)
    return bytes
  }
  /** The length of the first key, 18, becomes 2: shorter than what LevelDB itself puts behind each key. */
  const shortenKey = (bytes: Buffer): void => void (bytes[1]! ^= 16)
  /** So that no single bit makes it right again. */
  const shortenKeyAndMore = (bytes: Buffer): void => {
    shortenKey(bytes)
    for (const at of [60, 61]) bytes[at]! ^= 255 // in the first value
  }
  const readPlainly = (path: string): Promise<void> => inChild('read', path, 60_000)
  const endOf = (path: string): Promise<string> => readPlainly(path).then(() => 'read', (error: Error) => error.message) // prettier-ignore

  for (const { what, shorten, least, most } of [
    { what: 'one bit, and has all', shorten: shortenKey, least: 0, most: 0 },
    { what: 'some bytes, and has all but what hung on those', shorten: shortenKeyAndMore, least: 1, most: RESTART }
  ]) {
    it(`comes up on a table over which LevelDB ends the process, says so and keeps it; for ${what}`, async () => {
      const path = copyOf(filled)
      const name = tableOf(path)
      const damaged = change(name, shorten)
      expect(await endOf(copyOf(path))).to.match(/ended by SIGABRT: .*Assertion/)

      const [first] = await readApart([path])
      expect(first!.error).to.equal(undefined)
      expect(first!.repairs.join()).to.match(
        least === 0
          ? /\.ldb had 1 flipped bits.* and no other damage/
          : /\.ldb had 0 flipped bits.* 1 damaged places with \d+ records/
      )
      expect(first!.gone).to.be.within(least, most)
      const kept = readFileSync(join(`${path}.damaged-1`, name.slice(path.length + 1)))
      expect(kept.equals(damaged), 'kept as it was').to.equal(true)
      expect(await readApart([path]), 'it is mended').to.deep.equal([{ gone: first!.gone, repairs: [], damaged: 0 }])
      expect(await endOf(path)).to.equal('read')
    })
  }

  it('comes up after LevelDB ended it over a table that was damaged while it ran', async () => {
    const path = copyOf(filled)
    const script = `import { openSync, writeSync } from 'node:fs'
      import { openDatabase } from ${JSON.stringify(resolve(import.meta.dirname, '../../src/ops/database.ts'))}
      const db = await openDatabase(${JSON.stringify(path)})
      writeSync(openSync(${JSON.stringify(tableOf(path))}, 'r+'), Uint8Array.of(2), 0, 1, 1)
      await db.keys().all()`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: 'ignore' })
    expect(await once(child, 'exit')).to.deep.equal([null, 'SIGABRT'])
    expect(uncleanEnds(path)).to.equal(1)
    const [read] = await readApart([path])
    expect(read).to.include({ gone: 0 }).and.not.to.have.property('error')
    expect(read!.repairs).to.have.length(1)
  })

  it('comes up on tables with bits flipped where LevelDB counts on them', async () => {
    const { pick, seed } = seededRandom()
    const size = statSync(tableOf(filled)).size
    const copies: string[] = []
    const isOneBit = (round: number): boolean => round % 4 < 2
    for (let round = 0; round < 40; round++) {
      const path = copyOf(filled)
      // Half of them in the index and the footer, the others at the beginning of the first entries.
      change(tableOf(path), bytes => {
        bytes[round % 2 ? size - 1 - pick(220) : pick(4)]! ^= 1 << pick(8)
        if (!isOneBit(round)) bytes[round % 2 ? size - 1 - pick(220) : 60] = pick(256)
      })
      copies.push(path)
    }
    for (const [i, { error, gone }] of (await readApart(copies)).entries()) {
      const isKept = gone <= (isOneBit(i) ? 0 : RESTART)
      expect({ error, isKept }, `SEED=${seed} round ${i}, ${gone} gone`).to.deep.equal({
        error: undefined,
        isKept: true
      })
    }
  })

  it('repairs in a process of its own what ends LevelDB although every checksum is right, after two starts that ended so', async () => {
    const path = copyOf(filled)
    const manifest = join(
      path,
      readdirSync(path).find(name => name.startsWith('MANIFEST'))!
    )
    change(manifest, bytes => {
      // The smallest key of the table is said to have 3 bytes, and the largest all the others. A record: checksum, length, kind, the change.
      const at = bytes.indexOf('!things!') - 1
      expect(bytes[at], 'the length of a key').to.equal(18)
      bytes[at] = 3
      bytes[at + 4] = 14 + 1 + bytes[at + 19]!
      for (let from = 0; from < bytes.length;) {
        const end = from + 7 + bytes.readUInt16LE(from + 4)
        bytes.writeUInt32LE(checksum(bytes.subarray(from + 6, end), 0, end - from - 6), from)
        from = end
      }
    })
    for (const ends of [1, 2]) {
      const error = await readApart([path]).catch((error: Error) => error.message)
      expect(error).to.match(/ended with SIGABRT/)
      expect(uncleanEnds(path)).to.equal(ends)
    }
    const [read] = await readApart([path])
    expect(read!.repairs.join()).to.match(/LevelDB ended by SIGABRT: .*it is repaired/)
    expect(read).to.include({ gone: 0 }).and.not.to.have.property('error')
    expect(uncleanEnds(path)).to.equal(0)
  })

  it('loses the one record of a log that was damaged, not all that LevelDB would pass over behind it, and nothing for one bit', async () => {
    const { pick, seed } = seededRandom()
    const copies: string[] = []
    const logOf = (path: string): string =>
      join(
        path,
        readdirSync(path).find(name => name.endsWith('.log'))!
      )
    const size = statSync(logOf(filled)).size
    const isOneBit = (round: number): boolean => round % 2 === 0
    for (let round = 0; round < 30; round++) {
      const path = copyOf(filled)
      change(logOf(path), bytes => {
        const at = pick(size - LAST_RECORD)
        if (isOneBit(round)) bytes[at]! ^= 1 << pick(8)
        else for (const next of [0, 1, 2]) bytes[at + next]! ^= 1 + pick(255)
      })
      copies.push(path)
    }
    // As a power cut may leave it: cut off within a record, or with space that nothing was written to. Nothing there was acknowledged.
    const [cut, longer] = [copyOf(filled), copyOf(filled)]
    truncateSync(logOf(cut), size - 5)
    truncateSync(logOf(longer), size + 100_000)
    const read = await readApart([...copies, cut, longer])
    expect(read.splice(-2)).to.deep.equal([1, 0].map(gone => ({ repairs: [], damaged: 0, gone })))
    for (const [i, { repairs, gone, error }] of read.entries()) {
      const kept = existsSync(join(`${copies[i]}.damaged-1`, logOf(filled).slice(filled.length + 1)))
      const isKept = kept && (isOneBit(i) ? gone === 0 : gone === 1 || gone === 2) // it may be where two records meet
      expect({ error, told: repairs.length, isKept }, `SEED=${seed} round ${i}, ${gone} gone`).to.deep.equal({
        error: undefined,
        told: 1,
        isKept: true
      })
    }
  })

  it('sets a bit of the manifest right, so that LevelDB has nothing to repair', async () => {
    const path = copyOf(filled)
    const manifest = readdirSync(path).find(name => name.startsWith('MANIFEST'))!
    for (const at of [20, 5, 4, 0]) {
      const copy = copyOf(path)
      change(join(copy, manifest), bytes => void (bytes[at]! ^= 4))
      const [read] = await readApart([copy])
      expect(read!.repairs.join(), `byte ${at}`).to.match(/^MANIFEST-\d+ had 1 flipped bits.* and no other damage/)
      expect(read!.gone).to.equal(0)
    }
  })

  it('never reads an older value after a repair, wherever a compaction had put it', async () => {
    const path = fresh()
    for (const value of [1, 2, 3]) {
      const db = await openDatabase(path)
      if (value < 3) await bytesPart(db, 'things').put('k', Uint8Array.of(value))
      await db.close()
    }
    const [older] = readdirSync(path).filter(name => name.endsWith('.ldb')).sort() // prettier-ignore
    renameSync(join(path, older!), join(path, '000099.ldb'))
    rmSync(
      join(
        path,
        readdirSync(path).find(name => name.startsWith('MANIFEST'))!
      )
    )
    const told: string[] = []
    const db = await openDatabase(path, { onRepaired: what => told.push(what) })
    expect([...(await bytesPart(db, 'things').get('k'))!]).to.deep.equal([2])
    expect(told.join()).to.contain('it is repaired')
    await db.close()
  })

  it('leaves what a compaction left half written to LevelDB, and says nothing', async () => {
    const path = copyOf(filled)
    writeFileSync(join(path, '000099.ldb'), readFileSync(tableOf(path)).subarray(0, 9_000))
    expect(await readApart([path])).to.deep.equal([{ repairs: [], damaged: 0, gone: 0 }])
    expect(readdirSync(path)).not.to.include('000099.ldb')
  })

  it('looks at the newest tables first, and at no more than it is told to', async () => {
    const path = copyOf(filled)
    await readApart([path]) // the log becomes another table
    const tables = readdirSync(path).filter(name => name.endsWith('.ldb')).sort() // prettier-ignore
    expect(tables).to.have.length(2)
    for (const name of tables) change(join(path, name), shortenKeyAndMore)
    const told: string[] = []
    const newest = statSync(join(path, tables[1]!)).size
    const check = (maxBytes: number): Promise<void> => checkFiles(path, { maxBytes, isStrict: false, told: what => told.push(what) }) // prettier-ignore
    await check(newest)
    expect(told.join()).to.contain(tables[1]!).and.not.to.contain(tables[0]!)
    await check(Infinity)
    expect(told).to.have.length(2)
    expect(told[1]).to.contain(tables[0]!)
  })

  it('says STORE_FAILED when the disk is full, leaves every file as it was, and goes on later', async () => {
    const path = copyOf(filled)
    const flipped = change(tableOf(path), shortenKey)
    const module = resolve(import.meta.dirname, '../../src/ops/database.ts')
    const script = `import { openDatabase } from ${JSON.stringify(module)}
      await openDatabase(${JSON.stringify(path)}).catch(error => console.log(error.code, error.facts.reason))`
    const limited = spawn('prlimit', ['--fsize=5000', process.execPath, '--input-type=module-typescript', '-e', script])
    const [said] = await Promise.all([text(limited.stdout), once(limited, 'close')])
    expect(said).to.match(/^STORE_FAILED EFBIG/)
    expect(readFileSync(tableOf(path)).equals(flipped)).to.equal(true)
    expect([existsSync(`${path}.damaged-1`), existsSync(`${tableOf(path)}.mended`)]).to.deep.equal([false, false])
    expect((await readApart([path]))[0]!.gone).to.be.at.most(RESTART)
  })

  it('leaves a damaged database of another process alone, and says STORE_LOCKED', async () => {
    const path = copyOf(filled)
    const db = await openDatabase(path)
    expect(uncleanEnds(path)).to.equal(1)
    const module = resolve(import.meta.dirname, '../../src/ops/database.ts')
    const script = `import { openDatabase } from ${JSON.stringify(module)}
      await openDatabase(${JSON.stringify(path)}).catch(error => console.log(error.code))`
    for (let i = 0; i < 3; i++) {
      const other = spawn(process.execPath, ['--input-type=module-typescript', '-e', script])
      const [said] = await Promise.all([text(other.stdout), once(other, 'close')])
      expect(said.trim()).to.equal('STORE_LOCKED')
    }
    await bytesPart(db, 'things').put('more', Uint8Array.of(1))
    expect(await bytesPart(db, 'things').keys().all()).to.have.length(COUNT + 1)
    await db.close()
    expect(uncleanEnds(path), 'a clean end').to.equal(0)
  })
})
