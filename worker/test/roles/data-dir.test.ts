import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDataDir, removeRuntime, writeRuntime } from '../../src/roles/data-dir.ts'

describe('roles/data-dir', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-data-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('makes folders that only their owner can read', () => {
    const dir = openDataDir(join(folder, 'a'))
    for (const path of [dir.path, dir.db, dir.sealed, dir.logs]) expect(statSync(path).mode & 0o777).to.equal(0o700)
    expect(openDataDir(join(folder, 'a'))).to.deep.equal(dir)
  })

  it('refuses the data of another version of the layout', () => {
    const dir = openDataDir(join(folder, 'b'))
    writeFileSync(join(dir.path, 'schema'), '3\n')
    expect(() => openDataDir(dir.path)).to.throw('layout 3')
  })

  it('says where the process listens', () => {
    const dir = openDataDir(join(folder, 'c'))
    writeRuntime(dir, { pid: 7, httpUrl: 'http://127.0.0.1:1', multiaddrs: ['/ip4/127.0.0.1/tcp/2'] })
    const text = readFileSync(join(dir.path, 'runtime.json'), 'utf8')
    expect(JSON.parse(text)).to.deep.equal({
      pid: 7,
      httpUrl: 'http://127.0.0.1:1',
      multiaddrs: ['/ip4/127.0.0.1/tcp/2']
    })
    removeRuntime(dir)
    expect(() => statSync(join(dir.path, 'runtime.json'))).to.throw()
  })
})
