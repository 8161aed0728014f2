import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'

const functions = join(import.meta.dirname, '../../../tools/explain-npm.sh')

describe('tools/explain-npm', () => {
  let folder: string
  before(() => (folder = mkdtempSync(join(tmpdir(), 'enigma-npm-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))

  function sentence(log: string): string {
    const file = join(folder, 'log')
    writeFileSync(file, log)
    const script = 'enigma_root=/here; enigma_say() { echo "$*"; }; . "$1"; enigma_explain_npm "$2"'
    return spawnSync('sh', ['-c', script, 'sh', functions, file], { encoding: 'utf8' }).stdout
  }

  it('says what to do about a certificate that npm does not trust, before it speaks of the network', () => {
    for (const code of [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID'
    ]) {
      const log = `npm error code ${code}\nnpm error request to https://registry failed\nnpm error ECONNRESET before\n`
      expect(sentence(log), code).to.contain('NODE_EXTRA_CA_CERTS')
    }
  })

  it('tells a full disk, a silent network, a foreign folder and an old lockfile apart', () => {
    expect(sentence('npm error code ENOSPC')).to.contain('disk is full')
    expect(sentence('npm error code ENOTFOUND')).to.contain('could not reach its registry')
    expect(sentence('npm error code EACCES')).to.contain('/here')
    expect(sentence('npm error code EUSAGE')).to.contain('package-lock.json')
    expect(sentence('npm error something else')).to.contain('what it said is above')
  })
})
