import { expect } from 'chai'
import { slopeSignificance, twoSided } from '../../src/client.ts'

describe('mpc/significance', () => {
  it('gives the quantiles of published tables of the t distribution', () => {
    const table = [
      [1, 12.7062047, 0.05],
      [2, 4.30265273, 0.05],
      [5, 4.03214298, 0.01],
      [10, 2.22813885, 0.05],
      [30, 3.64595864, 0.001],
      [120, 1.97993041, 0.05],
      [1000, 1.96233908, 0.05]
    ] as const
    for (const [degrees, t, p] of table) {
      expect(twoSided(t, degrees), `${degrees}`).to.be.closeTo(p, 1e-8)
      expect(twoSided(-t, degrees)).to.equal(twoSided(t, degrees))
    }
    expect(twoSided(0, 7)).to.equal(1)
    expect(twoSided(Infinity, 7)).to.equal(0)
    // one degree: Cauchy
    for (const t of [0.01, 0.5, 1, 3, 1000])
      expect(twoSided(t, 1)).to.be.closeTo(1 - (2 / Math.PI) * Math.atan(t), 1e-12)
  })

  it('gives the standard error of a slope as the residuals do, also where r is 1 or 0', () => {
    const x = [1, 2, 3, 4, 5, 6]
    for (const y of [
      [2.1, 3.9, 6.2, 7.8, 10.1, 12.2],
      [1, -1, -1, 1, 1, -1],
      [2, 4, 6, 8, 10, 12]
    ]) {
      const mean = (v: readonly number[]): number => v.reduce((s, e) => s + e, 0) / v.length
      const cov = (u: readonly number[], v: readonly number[]): number =>
        mean(u.map((e, i) => (e - mean(u)) * (v[i]! - mean(v))))
      const slope = cov(x, y) / cov(x, x)
      const residuals = y.map((v, i) => v - mean(y) - slope * (x[i]! - mean(x)))
      const residualVariance = residuals.reduce((s, e) => s + e * e, 0) / 4
      const exact = Math.sqrt(residualVariance / (6 * cov(x, x)))
      const unexplained = 1 - cov(x, y) ** 2 / (cov(x, x) * cov(y, y))
      const found = slopeSignificance({ slope, unexplained, xVariance: cov(x, x), yVariance: cov(y, y), count: 6 })
      expect(found.standardError).to.be.closeTo(exact, 1e-7)
      expect(found.residualVariance).to.be.closeTo(residualVariance, 1e-12)
      expect(found.p).to.be.within(0, 1)
    }
    expect(() => slopeSignificance({ slope: 1, unexplained: 0, xVariance: 0, yVariance: 1, count: 6 })).to.throw(
      RangeError
    )
    expect(() => slopeSignificance({ slope: 1, unexplained: 0, xVariance: 1, yVariance: 1, count: 2 })).to.throw(
      RangeError
    )
  })
})
