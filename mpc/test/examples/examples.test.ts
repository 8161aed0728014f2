import { expect } from 'chai'
import { classify, type Tree } from '../../examples/decision-tree.ts'
import { bobIsRicher } from '../../examples/millionaires.ts'
import { salaryStatistics } from '../../examples/salaries.ts'
import { secondPriceAuction } from '../../examples/secret-auction.ts'
import { sharedCustomers } from '../../examples/set-statistics.ts'
import { doseResponse } from '../../examples/two-hospitals.ts'

describe('mpc/examples', function () {
  this.timeout(20_000)

  it('tells who is richer', async () => {
    expect(await bobIsRicher(10_000_000, 30_000)).to.equal(false)
    expect(await bobIsRicher(29_999, 30_000)).to.equal(true)
    expect(await bobIsRicher(5, 5)).to.equal(false)
  })

  it('runs a second-price auction', async () => {
    expect(await secondPriceAuction([120, 450, 300, 449, 80])).to.deep.equal({ winner: 1, price: 449 })
    expect(await secondPriceAuction([7, 7, 1])).to.deep.equal({ winner: 0, price: 7 })
  })

  it('computes salary statistics', async () => {
    const { mean, std } = await salaryStatistics([50_000, 60_000, 40_000.5, 99_999.5])
    expect(mean).to.be.closeTo(62_500, 0.001)
    const exact = Math.sqrt([50_000, 60_000, 40_000.5, 99_999.5].reduce((s, v) => s + (v - 62_500) ** 2, 0) / 4)
    expect(std).to.be.closeTo(exact, 0.01)
  })

  it('fits a line through the columns of two hospitals', async () => {
    const { slope, intercept, r } = await doseResponse([1, 2, 3, 4, 5], [2.5, 4.5, 6.5, 8.5, 10.5])
    expect([slope, intercept, r].map(v => Math.round(v * 1000) / 1000)).to.deep.equal([2, 0.5, 1])
    expect(await doseResponse([2, 2, 2], [1, 2, 3]).catch(e => e.message)).to.contain('equal')
  })

  it('evaluates a decision tree on a secret patient', async () => {
    const tree: Tree = {
      feature: 0,
      threshold: 37.5,
      below: { leaf: 0 },
      above: { feature: 1, threshold: 120, below: { leaf: 1 }, above: { leaf: 2 } }
    }
    expect(
      await Promise.all(
        [
          [36, 200],
          [38, 119.5],
          [37.5, 120]
        ].map(patient => classify(tree, patient))
      )
    ).to.deep.equal([0, 1, 2])
  })

  it('counts shared customers and what they spent', async () => {
    const second = [
      { id: 22, spent: 9.5 },
      { id: 44, spent: 3 },
      { id: 11, spent: 20 }
    ]
    expect(await sharedCustomers([11, 22, 33], second)).to.deep.equal({ count: 2, spent: 29.5 })
  })
})
