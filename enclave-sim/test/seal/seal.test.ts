import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { bytes32, hash, message, uint, type Codec, type Hash } from '@enigma/protocol'
import { openFolder } from '../../src/seal/files.ts'
import { openSealing } from '../../src/seal/sealing.ts'
import { openVault } from '../../src/seal/vault.ts'
import { temporaryFolder } from '../support/host.ts'
import { memoryFolder, refusal } from '../support/local.ts'

const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'not refused'
  } catch (error) {
    return (error as { code: string }).code
  }
}
const value: Codec<{ n: number }> = message<{ n: number }>('Value', 1, { n: uint })
const newer: Codec<{ n: number }> = message<{ n: number }>('Value', 2, { n: uint })

describe('seal', () => {
  describe('files', () => {
    let folder: ReturnType<typeof temporaryFolder>
    beforeEach(() => (folder = temporaryFolder()))
    afterEach(() => folder.remove())

    it('writes whole files for the owner only, and leaves nothing else behind', async () => {
      chmodSync(folder.path, 0o755)
      const files = openFolder(folder.path)
      await files.write('a', Uint8Array.of(1))
      await files.write('a', Uint8Array.of(2, 3))

      expect(files.read('a')).to.deep.equal(Uint8Array.of(2, 3))
      expect(readdirSync(folder.path)).to.deep.equal(['a'])
      expect(statSync(folder.path).mode & 0o777).to.equal(0o700)
      expect(statSync(join(folder.path, 'a')).mode & 0o777).to.equal(0o600)
    })

    it('knows a missing file from one that cannot be read', () => {
      const files = openFolder(folder.path)

      expect(files.read('b')).to.equal(undefined)
      expect(codeOf(() => files.read('.'))).to.equal('ENCLAVE_SEAL_IO')
      expect(codeOf(() => openFolder(join(folder.path, 'nowhere')))).to.equal('ENCLAVE_SEAL_IO')
    })

    it('keeps the old file when a new one cannot be written', async () => {
      const files = openFolder(folder.path)
      await files.write('a', Uint8Array.of(1))
      folder.remove()

      expect(await refusal(files.write('a', Uint8Array.of(2)))).to.equal('ENCLAVE_SEAL_IO')
      expect(existsSync(folder.path)).to.equal(false)
    })

    it('removes half-written files of a crash when it opens', () => {
      writeFileSync(join(folder.path, 'x.00ff.tmp'), 'half')
      writeFileSync(join(folder.path, 'x'), 'whole')
      openFolder(folder.path)

      expect(readdirSync(folder.path)).to.deep.equal(['x'])
      expect(readFileSync(join(folder.path, 'x'), 'utf8')).to.equal('whole')
    })
  })

  describe('sealing', () => {
    it('opens what it sealed, under the same label only, also later', async () => {
      const folder = memoryFolder()
      const sealing = await openSealing(folder)
      const sealed = sealing.seal('a', Uint8Array.of(1, 2, 3))
      const later = await openSealing(folder)

      expect(later.unseal('a', sealed)).to.deep.equal(Uint8Array.of(1, 2, 3))
      expect(codeOf(() => later.unseal('b', sealed))).to.equal('ENCLAVE_SEAL_BROKEN')
      expect(sealing.seal('a', Uint8Array.of(1, 2, 3))).not.to.deep.equal(sealed)
    })

    it('refuses every single bit that changed, and every other length', async () => {
      const sealing = await openSealing(memoryFolder())
      const sealed = sealing.seal('a', Uint8Array.of(1, 2, 3))
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const bent = sealed.slice()
        bent[bit >> 3]! ^= 1 << (bit & 7)
        expect(codeOf(() => sealing.unseal('a', bent))).to.equal('ENCLAVE_SEAL_BROKEN')
      }
      for (const bytes of [new Uint8Array(), sealed.subarray(1), Uint8Array.of(...sealed, 0)]) {
        expect(codeOf(() => sealing.unseal('a', bytes))).to.equal('ENCLAVE_SEAL_BROKEN')
      }
    })

    it('refuses what another enclave sealed', async () => {
      const theirs = (await openSealing(memoryFolder())).seal('a', Uint8Array.of(1))
      const sealing = await openSealing(memoryFolder())

      expect(codeOf(() => sealing.unseal('a', theirs))).to.equal('ENCLAVE_SEAL_BROKEN')
    })

    it('makes no new key beside blobs whose key is gone, and takes none of a wrong length', async () => {
      const folder = memoryFolder()
      await openSealing(folder)
      folder.files.set('identity.sealed', new Uint8Array(40))
      const key = folder.files.get('sealing.key')!
      folder.files.delete('sealing.key')
      expect(await refusal(openSealing(folder))).to.equal('ENCLAVE_SEAL_KEY_LOST')
      expect(folder.files.has('sealing.key')).to.equal(false)
      folder.files.set('sealing.key', key.subarray(1))
      expect(await refusal(openSealing(folder))).to.equal('ENCLAVE_SEAL_BROKEN')
    })
  })

  describe('vault', () => {
    const open = async (folder = memoryFolder()) => openVault(folder, await openSealing(folder))

    it('gives back what was stored, and undefined for what never was', async () => {
      const folder = memoryFolder()
      const vault = await open(folder)
      expect(vault.isEmpty()).to.equal(true)
      await vault.store('seeds', value, { n: 5 })
      await vault.store('seeds', value, { n: 6 })
      const later = await open(folder)

      expect(later.load('seeds', value)).to.deep.equal({ n: 6 })
      expect(later.load('identity', value)).to.equal(undefined)
      expect(later.isEmpty()).to.equal(false)
    })

    it('refuses one blob in the place of another, and a version that it does not read', async () => {
      const folder = memoryFolder()
      const vault = await open(folder)
      await vault.store('seeds', value, { n: 5 })
      folder.files.set('identity.sealed', folder.files.get('seeds.sealed')!)

      expect(codeOf(() => vault.load('identity', value))).to.equal('ENCLAVE_SEAL_BROKEN')
      expect(codeOf(() => vault.load('seeds', newer))).to.equal('ENCLAVE_SEAL_BROKEN')
    })

    it('never stores a value in clear', async () => {
      const folder = memoryFolder()
      const text = message<{ key: Hash }>('Text', 1, { key: bytes32() })
      await (await open(folder)).store('seeds', text, { key: hash(`0x${'c5'.repeat(32)}`) })

      expect(Buffer.from(folder.files.get('seeds.sealed')!).toString('hex')).not.to.contain('c5c5c5c5')
    })
  })
})
