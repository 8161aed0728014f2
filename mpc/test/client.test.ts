import { expect } from 'chai'
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'
import { LEGAL } from '../harness/settings.ts'
import { combine, deal, decode, DEFAULT_PRIME, encode, expand, FAST_PRIME, Field } from '../src/client.ts'

describe('mpc/client', () => {
  for (const [n, t] of LEGAL) {
    const prime = n === 4 ? FAST_PRIME : DEFAULT_PRIME
    const field = Field.of(prime)
    const sharing = { prime, n, t }
    const numbers = [1.5, -2.25, 0, 1e9, -(2 ** 40), 3n]

    it(`deals and combines (n=${n}, t=${t}), with t seeds in place of shares`, () => {
      const packages = deal(encode(field, numbers, 16, 41), sharing)
      expect(packages.map(({ kind }) => kind)).to.deep.equal([
        ...Array<string>(t).fill('seed'),
        ...Array<string>(n - t).fill('shares')
      ])
      const rows = packages.map((dealt, index) => ({ index, shares: expand(field, dealt) }))
      const { values, verified, wrong } = combine(rows, sharing)
      expect(decode(field, values, 16)).to.deep.equal(numbers.map(Number))
      expect([verified, wrong]).to.deep.equal([true, []])
      const few = rows.slice(n - t - 1)
      expect(() => combine(few, sharing))
        .to.throw()
        .with.property('code', 'MPC_UNRECOVERABLE')
      const unchecked = combine(few, sharing, { allowUnverified: true })
      expect([decode(field, unchecked.values, 16), unchecked.verified]).to.deep.equal([numbers.map(Number), false])
    })

    it(`notices a changed share, or names who sent it where it can (n=${n}, t=${t})`, () => {
      const rows = deal(encode(field, numbers, 16, 41), sharing).map((dealt, index) => ({
        index,
        shares: expand(field, dealt)
      }))
      rows[1] = { index: 1, shares: field.add(rows[1]!.shares, field.constant(1n)) }
      if (n >= 3 * t + 1) expect(combine(rows, sharing)).to.deep.include({ wrong: [1] })
      else
        expect(() => combine(rows, sharing))
          .to.throw()
          .with.property('code', 'MPC_UNRECOVERABLE')
      expect(() => combine([...rows, rows[0]!], sharing))
        .to.throw()
        .with.property('code', 'MPC_SHAPE')
    })
  }

  it('is not talked into a wrong value by two of five nodes that agree on it', () => {
    const field = Field.of(DEFAULT_PRIME)
    const sharing = { prime: DEFAULT_PRIME, n: 5, t: 2 }
    const rows = deal(field.from([42n]), sharing).map((dealt, index) => ({ index, shares: expand(field, dealt) }))
    // 7 (x - 1)(x - 2) vanishes at nodes 0 and 1: added at nodes 2 and 3 it leaves four rows on one polynomial
    const shifted = rows.map(({ index, shares }) => {
      const delta = 7n * BigInt(index) * BigInt(index - 1)
      return { index, shares: index < 4 ? field.add(shares, field.constant(delta)) : shares }
    })
    expect(() => combine(shifted, sharing))
      .to.throw()
      .with.property('code', 'MPC_UNRECOVERABLE')
    expect(() => combine(shifted.slice(0, 4), sharing))
      .to.throw()
      .with.property('code', 'MPC_UNRECOVERABLE')
  })

  it('gives packages of one vector that look alike for different values', () => {
    const field = Field.of(DEFAULT_PRIME)
    const half = DEFAULT_PRIME >> 1n
    for (const value of [0n, 2n ** 60n]) {
      const [, explicit] = deal(field.from(Array<bigint>(4000).fill(value)), { prime: DEFAULT_PRIME, n: 3, t: 1 })
      const high = field.toBigints(expand(field, explicit!)).filter(v => v > half).length
      expect(high).to.be.within(1800, 2200)
    }
  })

  it('refuses values beyond the declared bound, and malformed packages', () => {
    const field = Field.of(DEFAULT_PRIME)
    for (const value of [2 ** 42, -(2 ** 42), NaN, Infinity]) {
      expect(() => encode(field, [value], 16, 41))
        .to.throw()
        .with.property('code', 'MPC_RANGE')
    }
    const bad = [
      { kind: 'seed', seed: new Uint8Array(16), count: 1 },
      { kind: 'shares', shares: new Uint8Array(23), count: 1 },
      { kind: 'shares', shares: new Uint8Array(24).fill(255), count: 1 }
    ] as const
    for (const dealt of bad)
      expect(() => expand(field, dealt))
        .to.throw()
        .with.property('code', 'MPC_SHAPE')
  })

  it('has a client entry without anything of Node.js, and without the code of parties', async () => {
    const { outputFiles, metafile } = await build({
      // by the name that others import it under
      entryPoints: ['@enigma/mpc/client'],
      absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
      bundle: true,
      platform: 'browser',
      format: 'esm',
      metafile: true,
      write: false,
      logLevel: 'silent'
    })
    const [bundle] = outputFiles
    expect(bundle!.text).to.not.match(/from ["']node:|require\(["']node:|\bBuffer\b/)
    const own = Object.keys(metafile.inputs).filter(path => path.startsWith('mpc/'))
    expect(own).to.include('mpc/src/client.ts')
    const party = own.filter(path => /^mpc\/(harness|src\/(session|protocols|link|bits|pool|maintenance))\//.test(path))
    expect(party).to.deep.equal([])
    const names = ['combine', 'deal', 'expand', 'Field', 'slopeSignificance']
    for (const name of names) expect(bundle!.text, name).to.match(new RegExp(`export \\{[^}]*\\b${name}\\b`))
  })
})
