import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { join, resolve } from 'node:path'
import { codeOf } from '@enigma/protocol'
import { ClassicLevel } from 'classic-level'
import { checkedValue, withChecksum } from '../../src/ops/checksum.ts'
import { bytesPart, jsonPart, openDatabase, partOf, type Database } from '../../src/ops/database.ts'
import { readApart } from './flipped-reader.ts'
import { COUNT, fill, missing, valueOf } from './known-values.ts'
import { seededRandom } from './seeded-random.ts'

describe('ops/database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-db-'))
  const open: Database[] = []
  let next = 0
  const fresh = (): string => join(folder, String(next++))
  const openAt = async (path: string, damaged: string[] = []): Promise<Database> => {
    const db = await openDatabase(path, {
      onDamaged: key => damaged.push(key),
      onRepaired: what => damaged.push(what)
    })
    open.push(db)
    return db
  }
  afterEach(() => Promise.all(open.splice(0).map(db => db.close())))
  after(() => rmSync(folder, { recursive: true, force: true }))

  async function filled(): Promise<string> {
    const path = fresh()
    await fill(path)
    return path
  }

  it('gives back bytes and JSON of every part, in order and in ranges', async () => {
    const db = await openAt(fresh())
    const numbers = jsonPart<{ n: number }>(db, 'numbers')
    const bytes = bytesPart(db, 'bytes')
    const batch = db.batch()
    for (const n of [3, 1, 2]) batch.put(`n${n}`, { n }, { sublevel: numbers })
    await batch.put('n1', Uint8Array.of(9), { sublevel: bytes }).write({ sync: true } as object)
    expect(await numbers.values().all()).to.deep.equal([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(await numbers.keys({ gt: 'n1', limit: 1 }).all()).to.deep.equal(['n2'])
    expect(await numbers.iterator({ reverse: true, limit: 1 }).all()).to.deep.equal([['n3', { n: 3 }]])
    expect([...(await bytes.get('n1'))!]).to.deep.equal([9])
    expect([await bytes.has('n1'), await bytes.has('n2')]).to.deep.equal([true, false])
    expect((await numbers.getMany(['n2', 'n9'])).map(found => found?.n)).to.deep.equal([2, undefined])
    await numbers.clear({ lte: 'n2' })
    expect(await numbers.keys().all()).to.deep.equal(['n3'])
    await bytes.del('n1')
    expect(await bytes.get('n1')).to.equal(undefined)
  })

  it('notices every flipped bit of a value and of its checksum, and a value under another key', () => {
    const key = new TextEncoder().encode('!things!k')
    const stored = withChecksum(key, Uint8Array.of(1, 2, 3, 4))
    expect([...checkedValue(key, stored)!]).to.deep.equal([1, 2, 3, 4])
    for (let bit = 0; bit < stored.length * 8; bit++) {
      const flipped = stored.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(checkedValue(key, flipped), `bit ${bit}`).to.equal(null)
    }
    expect(checkedValue(new TextEncoder().encode('!things!l'), stored)).to.equal(null)
    expect(checkedValue(key, stored.subarray(0, 7))).to.equal(null)
  })

  it('sets a damaged value aside, tells of it once, and takes a new one in its place', async () => {
    const path = await filled()
    const raw = new ClassicLevel<string, Uint8Array>(path, { valueEncoding: 'view' })
    const bad = (await raw.get('!things!k7'))!.slice()
    bad[3]! ^= 16
    await raw.put('!things!k7', bad)
    await raw.put('!things!k8', (await raw.get('!things!k9'))!) // whole, but of another key
    await raw.close()

    const damaged: string[] = []
    const db = await openAt(path, damaged)
    const part = bytesPart(db, 'things')
    expect([await part.get('k7'), await part.has('k8')]).to.deep.equal([undefined, false])
    expect(await part.keys().all()).to.have.length(COUNT - 2)
    expect(damaged).to.have.members(['!things!k7', '!things!k8'])
    expect(damaged.map(partOf)).to.deep.equal(['things', 'things'])
    await part.put('k7', valueOf(7))
    expect(await missing(db)).to.equal(1)
    await db.close()
    const kept = new ClassicLevel<string, Uint8Array>(path, { valueEncoding: 'view' })
    expect([...(await kept.get('!damaged!!things!k7'))!]).to.deep.equal([...bad])
    await kept.close()
  })

  it('never reads a wrong value after a bit was flipped in any of its files, and opens again', async () => {
    const path = await filled()
    const { pick, seed } = seededRandom()
    const flips: string[] = []
    const copies: string[] = []
    for (let round = 0; round < 60; round++) {
      const copy = fresh()
      cpSync(path, copy, { recursive: true })
      const files = readdirSync(copy).filter(name => !['LOCK', 'LOG', 'LOG.old'].includes(name))
      const name = files[round % files.length]!
      const bytes = readFileSync(join(copy, name))
      if (bytes.length === 0) continue
      const bit = pick(bytes.length * 8)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      writeFileSync(join(copy, name), bytes)
      flips.push(`SEED=${seed} round ${round}, bit ${bit} of ${name}`)
      copies.push(copy)
    }
    const found = await readApart(copies)
    expect(found).to.have.length(flips.length)
    for (const [i, { error }] of found.entries()) expect(error, flips[i]).to.equal(undefined)
    expect(
      found.filter(did => did.repairs.length + did.damaged + did.gone > 0).length,
      'flips that did something'
    ).to.be.greaterThan(5)
  })

  it('opens after any of its files was cut short, or is gone', async () => {
    const path = await filled()
    const { pick, seed } = seededRandom()
    for (let round = 0; round < 40; round++) {
      const copy = fresh()
      cpSync(path, copy, { recursive: true })
      const files = readdirSync(copy).filter(name => name !== 'LOCK')
      const name = files[round % files.length]!
      if (round % 5 === 4) rmSync(join(copy, name))
      else truncateSync(join(copy, name), pick(readFileSync(join(copy, name)).length + 1))
      const db = await openAt(copy).catch((error: Error) => {
        throw new Error(`SEED=${seed} round ${round}, ${name}: ${error.message}`)
      })
      await missing(db)
    }
  })

  it('loses nothing that it acknowledged when the disk refused writes for a while, and goes on by itself', async () => {
    const path = fresh()
    const child = spawn(process.execPath, [join(import.meta.dirname, 'limited-writer.ts'), path, '3'], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const said = await text(child.stdout)
    const { acked, refused, unread, told } = JSON.parse(said) as Record<'refused' | 'unread', number> &
      Record<'acked' | 'told', string[]>
    expect({ refused: refused >= 3, acked: acked.length >= 18, unread }).to.deep.equal({
      refused: true,
      acked: true,
      unread: 0
    })
    expect(
      told.map(what => what.replace(/^.*File too large$/, 'refused')),
      'told once each'
    ).to.deep.equal(['refused', 'taken', 'refused', 'taken', 'refused', 'taken'])
    const part = bytesPart(await openAt(path), 'things')
    for (const key of acked) expect(await part.has(key), key).to.equal(true)
  }).timeout(30_000)

  it('sets a database aside that cannot be repaired', async () => {
    const path = await filled()
    for (const name of readdirSync(path)) writeFileSync(join(path, name), 'not a database\n')
    const damaged: string[] = []
    const db = await openAt(path, damaged)
    expect(await missing(db)).to.equal(COUNT)
    expect(damaged.length).to.be.greaterThan(0)
  })

  it('refuses a database that another process has open', async () => {
    const path = fresh()
    const module = resolve(import.meta.dirname, '../../src/ops/database.ts')
    const text = `import { openDatabase } from ${JSON.stringify(module)}
      await openDatabase(${JSON.stringify(path)}); console.log('open'); setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', text])
    try {
      await once(holder.stdout, 'data')
      expect(await openDatabase(path).catch(codeOf)).to.equal('STORE_LOCKED')
    } finally {
      holder.kill('SIGKILL')
      await once(holder, 'exit')
    }
    await openAt(path) // the lock of a killed process binds nobody
  })
})
