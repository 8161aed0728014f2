import { expect } from 'chai'
import { lockfileProblems } from '../../checks/lockfile.ts'

describe('checks/lockfile', () => {
  const integrity = 'sha512-AAAA'

  it('accepts hashes without addresses, and links to workspaces', () => {
    const packages = { '': {}, 'node_modules/a': { integrity }, 'node_modules/ours': { resolved: 'ours', link: true } }
    expect(lockfileProblems('package-lock.json', { packages })).to.deep.equal([])
  })

  it('refuses the address of a server', () => {
    const packages = { 'node_modules/a': { integrity, resolved: 'https://example.org/a.tgz' } }
    expect(lockfileProblems('package-lock.json', { packages })[0]).to.contain('https://example.org/a.tgz')
  })

  it('refuses a package without its hash', () => {
    expect(lockfileProblems('package-lock.json', { packages: { 'node_modules/a': {} } })[0]).to.contain('no integrity')
  })
})
