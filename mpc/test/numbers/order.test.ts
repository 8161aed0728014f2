import { expect } from 'chai'
import { runParties } from '../../harness/local-parties.ts'
import { column, randomReal, reveal } from '../../harness/open-numbers.ts'
import { DEFAULT_PRIME, FAST_PRIME } from '../../src/field/field.ts'
import { median, orderStatistics, quantile, quantiles } from '../../src/numbers/order.ts'

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
const exactQuantile = (values: readonly number[], q: number): number => {
  const [all, rank] = [sorted(values), q * (values.length - 1)]
  const [low, high] = [all[Math.floor(rank)]!, all[Math.ceil(rank)]!]
  return low + (rank - Math.floor(rank)) * (high - low)
}

describe('mpc/order', function () {
  this.timeout(40_000)
  for (const [n, t, prime, security] of [
    [3, 1, DEFAULT_PRIME, 'passive'],
    [3, 1, DEFAULT_PRIME, 'active'],
    [4, 1, FAST_PRIME, 'active'],
    [5, 2, DEFAULT_PRIME, 'passive']
  ] as const) {
    it(`finds medians and quantiles (n=${n}, ${prime.toString(2).length} bits, ${security})`, async () => {
      for (const values of [
        [4],
        [3, -1],
        [5, 5, 5, 5],
        [-7, 0, 8, -8, 0.5],
        Array.from({ length: 12 }, () => randomReal(8))
      ]) {
        const x = column(values, { n, t, prime, fraction: 8, magnitude: 3 })
        const { results } = await runParties({ n, t, prime, security }, async party => {
          const middle = await median(party, x.at(party))
          const at = [0, 0.25, 0.37, 1]
          const found = await quantiles(party, x.at(party), at)
          const out = [...(await reveal(party, middle))]
          for (const value of found) out.push(...(await reveal(party, value)))
          return out
        })
        const [middle, ...found] = results[n - 1]!
        expect(middle).to.equal(exactQuantile(x.values, 0.5))
        const exact = [0, 0.25, 0.37, 1].map(q => exactQuantile(x.values, q))
        const bound = (n === 3 ? 2 : n === 4 ? 2.5 : 5.5) * 2 ** -16 + 2 ** -24
        found.forEach((value, i) => expect(value, `quantile ${i} of ${values.length}`).to.be.closeTo(exact[i]!, bound))
      }
    })
  }

  it('searches many values bit by bit, up to the declared bound', async () => {
    const values = [8, -8, ...Array.from({ length: 40 }, () => Math.floor(randomReal(9)))].map(v => Math.max(-8, v))
    const x = column(values, { prime: DEFAULT_PRIME, magnitude: 3 })
    for (const security of ['passive', 'active'] as const) {
      const { results } = await runParties({ security }, async party =>
        reveal(party, await orderStatistics(party, x.at(party), [0, 13, 41]))
      )
      const all = sorted(x.values)
      expect(results[0]).to.deep.equal([all[0], all[13], all[41]])
    }
    const same = column(Array<number>(30).fill(8), { prime: DEFAULT_PRIME, magnitude: 3 })
    const { results } = await runParties({}, async party => reveal(party, await median(party, same.at(party))))
    expect(results[0]).to.deep.equal([8])
  })

  it('refuses ranks and quantiles that do not exist', async () => {
    const x = column([1, 2, 3], { prime: DEFAULT_PRIME, magnitude: 3 })
    for (const ranks of [[], [3], [-1], [0.5]]) {
      const refused = await runParties({}, party => orderStatistics(party, x.at(party), ranks)).catch(e => e)
      expect(refused.code).to.equal('MPC_SHAPE')
    }
    for (const q of [-0.1, 1.1, NaN]) {
      const refused = await runParties({}, party => quantile(party, x.at(party), q)).catch(e => e)
      expect(refused.code).to.equal('MPC_SHAPE')
    }
  })
})
