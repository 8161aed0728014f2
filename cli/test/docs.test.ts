import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { errorCatalogue } from '../docs/error-catalogue.ts'
import { pages } from '../docs/pages.ts'

describe('cli/docs', () => {
  for (const path of ['docs/cli.md', 'docs/errors.md']) {
    it(`${path} is what the code says now (npm run docs -w cli)`, async () => {
      const current = readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

      expect(current).to.equal((await pages()).get(path))
    })
  }

  it('finds codes with the comments above them, and with the sentences they are thrown with', () => {
    const entries = new Map(errorCatalogue().map(entry => [`${entry.package} ${entry.code}`, entry]))

    expect(entries.get('enigma-js SC_UNKNOWN')?.meaning).to.equal(
      'There is no secret contract at this address. Nothing was paid.'
    )
    expect(entries.get('protocol PROTOCOL_DRAW')?.meaning).to.include('stake')
    expect(entries.get('enigma-js CHAIN_UNREACHABLE')?.hint).to.include('Check that the node runs')
  })

  it('explains every code of the client and the command line', () => {
    const bare = errorCatalogue().filter(entry => /^(cli|enigma-js)$/.test(entry.package) && entry.meaning === '')

    expect(bare.map(({ code }) => code)).to.deep.equal([])
  })
})
