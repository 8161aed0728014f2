import { expect } from 'chai'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf } from '@enigma/protocol'
import { loadIdentity } from '../../src/net/identity.ts'

describe('net/identity', () => {
  let dir: string
  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'enigma-identity-'))))
  afterEach(() => rm(dir, { recursive: true }))
  const failure = (path: string): Promise<string> => loadIdentity(path).then(() => 'none', codeOf)

  it('is made once, readable by its owner alone, and the same ever after', async () => {
    const path = join(dir, 'peer.key')
    const first = await loadIdentity(path)
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    expect(await readdir(dir)).to.deep.equal(['peer.key'])
    expect((await loadIdentity(path)).equals(first)).to.equal(true)
  })

  it('refuses a file that others can read, that is no key, or that is far too large', async () => {
    const path = join(dir, 'peer.key')
    await loadIdentity(path)
    await chmod(path, 0o644)
    expect(await failure(path)).to.equal('NET_IDENTITY')
    await writeFile(join(dir, 'empty'), '', { mode: 0o600 })
    expect(await failure(join(dir, 'empty'))).to.equal('NET_IDENTITY')
    await writeFile(join(dir, 'large'), Buffer.alloc(1 << 20), { mode: 0o600 })
    expect(await failure(join(dir, 'large'))).to.equal('NET_IDENTITY')
  })
})
