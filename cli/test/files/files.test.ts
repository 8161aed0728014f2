import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hash, ScAddr } from '@enigma/protocol'
import { expect } from 'chai'
import { findKey } from '../../src/account.ts'
import { ContractBook } from '../../src/files/contracts-file.ts'
import { fileStorage } from '../../src/files/file-storage.ts'

const id = (byte: string): string => `0x${byte.repeat(32)}`

describe('cli/files', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'enigma-cli-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('keeps the keys of tasks across commands, for this user alone', async () => {
    const key = `enigma/31337/0x${'5f'.repeat(20)}/${id('d0')}/task/${id('aa')}`
    await fileStorage(folder).set(key, 'value')

    const again = fileStorage(folder)
    expect(await again.get(key)).to.equal('value')
    expect(await again.list('enigma/31337/')).to.deep.equal([key])
    expect(await again.list('enigma/1/')).to.deep.equal([])
    expect(statSync(`${join(folder, ...key.split('/'))}.json`).mode & 0o777).to.equal(0o600)
    await again.delete(key)
    expect(await again.get(key)).to.equal(null)
  })

  it('writes nowhere else, whatever a key says', () => {
    for (const key of ['../outside', 'a/../../b', '/etc/passwd', 'a//b']) {
      expect(() => fileStorage(folder).set(key, 'x')).to.throw('not a key')
    }
  })

  it('finds contracts by name and by address, the latest of a name first, on their own network only', () => {
    const book = new ContractBook(folder, id('01') as Hash)
    const contract = (byte: string) => ({ name: 'calculator', scAddr: id(byte) as ScAddr, abi: [] })
    book.add(contract('0a'))
    book.add(contract('0b'))

    expect(book.find('calculator')?.scAddr).to.equal(id('0b'))
    expect(book.find(id('0A').replace('0X', '0x'))?.scAddr).to.equal(id('0a'))
    expect(new ContractBook(folder, id('02') as Hash).all()).to.deep.equal([])
  })

  const network = { rpc: [], chainUrl: '', enigma: '', folder: '', isDevnet: true }
  const keyOf = (options: Record<string, string>, isDevnet = true): string =>
    findKey({ positionals: [], options }, { ...network, isDevnet })

  it('reads a private key from a file that only its owner can read', () => {
    const path = join(folder, 'key')
    writeFileSync(path, `${id('ab')}\n`, { mode: 0o600 })
    expect(keyOf({ 'key-file': path })).to.equal(id('ab'))

    const open = join(folder, 'open')
    writeFileSync(open, id('ab'), { mode: 0o644 })
    expect(() => keyOf({ 'key-file': open })).to.throw(/Other users/)
  })

  it('does not repeat what it found in a file that is no key', () => {
    const path = join(folder, 'key')
    writeFileSync(path, 'almost a key', { mode: 0o600 })

    expect(() => keyOf({ 'key-file': path })).to.throw(/does not hold a private key/)
    expect(() => keyOf({ 'key-file': path })).to.not.throw(/almost/)
  })

  it('gives accounts 11 to 19 of the devnet, 11 without a word, and no others', () => {
    expect(keyOf({})).to.equal(keyOf({ account: '11' }))
    expect(keyOf({ account: '19' })).to.match(/^0x[0-9a-f]{64}$/)
    for (const account of ['10', '20', 'x', '-1']) expect(() => keyOf({ account })).to.throw(/11 to 19/)
    expect(() => keyOf({}, false)).to.throw(/devnet only/)
  })
})
