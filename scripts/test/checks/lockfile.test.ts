import { expect } from 'chai'
import { lockfileProblems, outOfStep } from '../../checks/lockfile.ts'

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

  it('accepts workspaces that ask for what is locked', () => {
    const dependencies = { a: '1.0.0', b: '2.0.0' }
    const packages = {
      '': {},
      ours: { dependencies },
      'node_modules/a': { integrity },
      'node_modules/b': { integrity }
    }
    const manifests = new Map([
      ['', {}],
      ['ours', { dependencies: { b: '2.0.0', a: '1.0.0' } }]
    ])
    expect(outOfStep({ packages }, manifests)).to.deep.equal([])
  })

  it('notices a workspace that asks for something else', () => {
    const packages = { '': {}, ours: { dependencies: { a: '1.0.0' } } }
    expect(outOfStep({ packages }, new Map([['ours', { dependencies: { a: '1.0.1' } }]]))[0]).to.contain("'ours'")
  })

  it('notices an optional package that npm ci would look for in vain', () => {
    const packages = { 'node_modules/a': { integrity, optionalDependencies: { 'a-for-another-system': '1.0.0' } } }
    expect(outOfStep({ packages }, new Map())[0]).to.contain('a-for-another-system')
  })
})
