import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { codeOf } from '@enigma/protocol'
import { backUp, type BackupLimits } from '../../src/ops/backup.ts'
import { jsonPart, openDatabase, type Database } from '../../src/ops/database.ts'
import { openDataDir, type DataDir } from '../../src/roles/data-dir.ts'

describe('ops/backup', function () {
  this.timeout(60_000)
  let folder: string
  let dir: DataDir
  let db: Database
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'enigma-backup-'))
    dir = openDataDir(join(folder, 'node'))
    db = await openDatabase(dir.db)
    mkdirSync(join(dir.sealed, 'epochs'))
    writeFileSync(join(dir.sealed, 'identity'), 'sealed', { mode: 0o600 })
    writeFileSync(join(dir.sealed, 'epochs', '7'), 'key 7', { mode: 0o600 })
    for (const name of ['peer.key', 'mgmt.token']) writeFileSync(join(dir.path, name), name, { mode: 0o600 })
    for (const name of ['runtime.json', 'logs/a.log']) writeFileSync(join(dir.path, name), 'not to be kept')
  })
  afterEach(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const backup = (name: string, limits?: Partial<BackupLimits>) =>
    backUp({ dataDir: dir.path, db, target: join(folder, name), facts: { name: 'worker1' }, ...(limits && { limits }) })

  it('holds all that was acknowledged before it, though writes and compactions go on', async () => {
    const part = jsonPart<{ n: number; filler: string }>(db, 'tasks')
    const acknowledged: number[] = []
    let writing = true
    let n = 0
    const filler = Array.from({ length: 400 }, () => Math.random().toString(36)).join('')
    const writer = async (): Promise<void> => {
      while (writing) {
        const mine = n++
        await part.put(String(mine), { n: mine, filler }, { sync: mine % 8 === 0 } as never)
        acknowledged.push(mine)
        if (mine > 200 && mine % 3 === 0) await part.del(String(mine - 200)) // something to compact
      }
    }
    const writers = [writer(), writer(), writer()]
    const made: { name: string; before: number[]; deletedUpTo: number }[] = []
    for (let i = 0; i < 6; i++) {
      await new Promise(resolve => setTimeout(resolve, 250))
      const before = [...acknowledged]
      const { files, bytes } = await backup(`copy-${i}`)
      expect(files).to.be.greaterThan(5)
      expect(bytes).to.be.greaterThan(10_000)
      made.push({ name: `copy-${i}`, before, deletedUpTo: n - 200 })
    }
    writing = false
    await Promise.all(writers)
    expect(n).to.be.greaterThan(500)

    for (const { name, before, deletedUpTo } of made) {
      let damaged = 0
      cpSync(join(folder, name), join(folder, `${name}-restored`), { recursive: true })
      const restored = await openDatabase(join(folder, `${name}-restored`, 'db'), { onDamaged: () => damaged++ })
      try {
        const held = jsonPart<{ n: number }>(restored, 'tasks')
        for (const one of before) {
          if (one % 3 !== 1 || one > deletedUpTo)
            expect(await held.get(String(one)), `${one} in ${name}`).to.include({ n: one })
        }
        expect(damaged).to.equal(0)
      } finally {
        await restored.close()
      }
    }
  })

  it('has the keys, for their owner alone, and nothing that belongs to the process', async () => {
    await backup('copy')
    const copy = join(folder, 'copy')
    expect(readdirSync(copy).sort()).to.deep.equal(['backup.json', 'db', 'mgmt.token', 'peer.key', 'schema', 'sealed'])
    expect(readFileSync(join(copy, 'sealed/identity'), 'utf8')).to.equal('sealed')
    expect(readFileSync(join(copy, 'sealed/epochs/7'), 'utf8')).to.equal('key 7')
    expect(JSON.parse(readFileSync(join(copy, 'backup.json'), 'utf8'))).to.include({ name: 'worker1' })
    for (const path of ['', 'db', 'sealed']) expect(statSync(join(copy, path)).mode & 0o777).to.equal(0o700)
    for (const path of ['peer.key', 'sealed/identity', 'mgmt.token', 'backup.json']) {
      expect(statSync(join(copy, path)).mode & 0o077, path).to.equal(0)
    }
    cpSync(copy, join(folder, 'restored'), { recursive: true })
    expect(openDataDir(join(folder, 'restored')).db).to.equal(join(folder, 'restored', 'db'))
  })

  it('refuses a target that is no place for it, and leaves nothing there', async () => {
    mkdirSync(join(folder, 'full'))
    writeFileSync(join(folder, 'full', 'file'), '')
    writeFileSync(join(folder, 'a-file'), '')
    symlinkSync(dir.path, join(folder, 'way-in'))
    for (const name of ['full', 'a-file', 'nowhere/copy', 'node/copy', 'node/db/copy', 'way-in/copy']) {
      expect(await backup(name).catch(codeOf), name).to.equal('BACKUP_TARGET')
    }
    const relative = backUp({ dataDir: dir.path, db, target: 'copy', facts: {} })
    expect(await relative.catch(codeOf)).to.equal('BACKUP_TARGET')
    expect(readdirSync(folder).sort()).to.deep.equal(['a-file', 'full', 'node', 'way-in'])
    mkdirSync(join(folder, 'empty'))
    mkdirSync(join(folder, 'empty.partial'))
    writeFileSync(join(folder, 'empty.partial', "somebody's"), '')
    expect(await backup('empty')).to.have.property('target', join(folder, 'empty'))
    expect(readdirSync(join(folder, 'empty.partial'))).to.deep.equal(["somebody's"])
    expect(readdirSync(folder).sort()).to.deep.equal(['a-file', 'empty', 'empty.partial', 'full', 'node', 'way-in'])
  })

  it('gives up when there is never time enough, says so, and the node goes on', async () => {
    const part = jsonPart<number>(db, 'x')
    expect(await backup('copy', { pauseMs: -1, attempts: 2 }).catch(codeOf)).to.equal('BACKUP_FAILED')
    expect(existsSync(join(folder, 'copy'))).to.equal(false)
    expect(readdirSync(folder)).to.deep.equal(['node'])
    await part.put('a', 1)
    expect(await part.get('a')).to.equal(1)
  })

  it('makes writes wait, not reads, and lets them go on after a failure', async () => {
    const part = jsonPart<number>(db, 'x')
    await part.put('a', 1)
    const inside = Promise.withResolvers<void>()
    const pausing = db.paused(() => inside.promise)
    let written = false
    const write = part.put('a', 2).then(() => (written = true))
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(written).to.equal(false)
    expect(await part.get('a')).to.equal(1)
    inside.reject(new Error('no'))
    expect(await pausing.catch((error: Error) => error.message)).to.equal('no')
    await write
    expect(await part.get('a')).to.equal(2)
  })
})
