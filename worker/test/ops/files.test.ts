import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readWhatCanBe } from '../../src/ops/files.ts'

const fault = (code: string): Error => Object.assign(new Error(code), { code })

describe('ops/files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-files-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** A disk that has this fault in the sector at 4096. */
  const badDisk = (code: string): typeof open =>
    (async (...args: Parameters<typeof open>) => {
      const file = await open(...args)
      const read = file.read.bind(file) as (...args: unknown[]) => Promise<{ bytesRead: number; buffer: Uint8Array }>
      const bad = (...args: unknown[]): ReturnType<typeof read> => args[3] === 4096 ? Promise.reject(fault(code)) : read(...args) // prettier-ignore
      return Object.assign(file, { read: bad })
    }) as typeof open

  it('reads a file with zeros where the disk cannot, and says any other fault', async () => {
    const path = join(folder, 'a')
    const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => 1 + (i % 255))
    writeFileSync(path, bytes)
    expect(Buffer.compare(await readWhatCanBe(path), bytes)).to.equal(0)
    bytes.fill(0, 4096, 8192)
    expect(Buffer.compare(await readWhatCanBe(path, badDisk('EIO')), bytes)).to.equal(0)
    const other = await readWhatCanBe(path, badDisk('EACCES')).catch((error: Error) => error.message)
    expect(other).to.equal('EACCES')
  })
})
