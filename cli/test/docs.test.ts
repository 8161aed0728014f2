import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { codesInUse, errorCatalogue } from '../docs/error-catalogue.ts'
import { pages } from '../docs/pages.ts'

/** Words that look like codes: errors and events of libraries, and the reason of an ENCLAVE_REFUSED. */
const foreign = new Set(['ERR_NOT_FOUND', 'PEER_RESPONSE', 'LEVEL_CORRUPTION', 'ENCLAVE_OTHER_KEY'])

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

  it('says of every code what it means and what to do', () => {
    const entries = errorCatalogue()
    const bare = entries.filter(({ meaning, hint }) => meaning === '' || hint === '')

    expect(bare.map(entry => `${entry.package} ${entry.code}`)).to.deep.equal([])
    expect(entries.length).to.be.above(150)
  })

  it('lacks no code that a source throws, answers with, or raises as an alarm', () => {
    const known = new Set(errorCatalogue().map(({ code }) => code))
    const missing = codesInUse().filter(({ code }) => !known.has(code) && !foreign.has(code))

    expect(missing.map(({ code, path }) => `${code} in ${path}`)).to.deep.equal([])
  })
})
