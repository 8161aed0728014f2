import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { compileContract } from '../src/index.ts'

const guide = join(import.meta.dirname, '../../docs/guide-secret-contracts.md')

describe('secret-contracts: the guide', function () {
  this.timeout(60_000)

  it('shows contracts that compile as they stand, and no other code', async () => {
    const text = await readFile(guide, 'utf8')
    const snippets = [...text.matchAll(/<!-- check: contract -->\n\n```ts\n([^]*?)^```$/gm)].map(([, code]) => code!)
    expect(snippets).to.have.length(2)
    expect(text.match(/^```\w/gm), 'fenced code').to.have.length(snippets.length)
    const folder = await mkdtemp(join(tmpdir(), 'enigma-guide-'))
    try {
      for (const [index, code] of snippets.entries()) {
        const path = join(folder, `snippet-${index}.ts`)
        await writeFile(path, code)
        const { abi } = await compileContract(path, folder)
        expect(abi.length).to.be.above(1)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
