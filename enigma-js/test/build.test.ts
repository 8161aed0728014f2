import { expect } from 'chai'
import { MAX_GZIPPED_BYTES, bundle, gzippedBytes } from '../build.ts'

describe('enigma-js/build', () => {
  it('makes a browser module without Node.js in it, under 60 kB gzipped without ethers', async function () {
    this.timeout(60_000)
    const text = await bundle(false)

    expect(gzippedBytes(text)).to.be.lessThan(MAX_GZIPPED_BYTES)
    expect(text).to.not.match(/from\s*["']node:/)
    const imports = [...text.matchAll(/import\s*\{[^}]*\}\s*from\s*["']([^"']+)["']/g)].map(([, name]) => name)
    expect([...new Set(imports)]).to.deep.equal(['ethers'])
  })
})
