import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, FAST_PRIME, Field } from '../../src/field/field.ts'
import { fieldInverse } from '../../src/protocols/field-inverse.ts'
import { openChecked } from '../../src/protocols/open.ts'
import { release } from '../../src/protocols/release.ts'

const random = (p: bigint): bigint => BigInt(`0x${randomBytes(40).toString('hex')}`) % p

describe('mpc/field inverse', function () {
  this.timeout(30_000)
  for (const [n, t, prime, security] of [
    [3, 1, DEFAULT_PRIME, 'passive'],
    [3, 1, DEFAULT_PRIME, 'active'],
    [4, 1, FAST_PRIME, 'active'],
    [5, 2, DEFAULT_PRIME, 'passive']
  ] as const) {
    const field = Field.of(prime)
    const invert = async (values: readonly bigint[], size: number): Promise<bigint[]> => {
      const a = dealLocally(values, n, t, prime)
      const { results } = await runParties({ n, t, prime, security }, async party => {
        const found = await release(party, await fieldInverse(party, a[party.index]!, size))
        return field.toBigints((await openChecked(party, found)).values)
      })
      return results[n - 1]!
    }

    it(`is exact (n=${n}, ${prime.toString(2).length} bits, ${security})`, async () => {
      for (const size of [1, 2, 7]) {
        const values = Array.from({ length: size * size }, () => random(prime))
        const product = field.matmul(field.from(values), field.from(await invert(values, size)), size, size, size)
        const unit = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1n : 0n))
        expect(field.toBigints(product)).to.deep.equal(unit)
      }
      // needs rows to be exchanged, and nearly singular as real numbers
      expect(await invert([0n, 1n, 1n, 0n], 2)).to.deep.equal([0n, 1n, 1n, 0n])
    })

    it(`refuses singular matrices at all nodes (n=${n}, ${prime.toString(2).length} bits, ${security})`, async () => {
      for (const values of [
        [1n, 2n, 2n, 4n],
        [0n, 0n, 0n, 0n]
      ])
        expect(await invert(values, 2).catch((e: { code: string }) => e.code)).to.equal('MPC_DEGENERATE')
    })
  }

  it('costs what it says', async () => {
    const a = dealLocally([1n, 2n, 3n, 5n], 3, 1)
    const { traffic } = await runParties({}, party => fieldInverse(party, a[party.index]!, 2))
    for (const { rounds, bytes } of traffic)
      expect([rounds, bytes]).to.deep.equal([4, 4 * 4 * Field.of(DEFAULT_PRIME).bytes])
  })
})
