import { expect } from 'chai'
import fc from 'fast-check'
import {
  StakeTree,
  drawPoint,
  keccak256,
  requireSeat,
  utf8,
  type Address,
  type Hash,
  type Hex,
  type ScAddr
} from '../src/index.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const h = (label: string): Hash => keccak256(utf8(label))
const leavesOf = (stakes: readonly bigint[]) =>
  stakes.map((stake, index) => ({
    index,
    stake,
    operator: h(`o${index}`).slice(0, 42) as Address,
    signer: h(`s${index}`).slice(0, 42) as Address
  }))

describe(`protocol/draw (seed ${seed})`, () => {
  it('proves the seat that it draws, and no other leaf and no other seat', () => {
    const stakes = fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(stakes, fc.string(), (list, name) => {
        fc.pre(list.some(stake => stake > 0n))
        const tree = new StakeTree(leavesOf(list))
        const mix = h(`mix ${name}`)
        const scAddr = h(name) as Hex as ScAddr
        const info = { mix, root: tree.root.hash, total: tree.root.sum }
        tree.seats(mix, scAddr).forEach((leaf, k) => {
          requireSeat(info, scAddr, k, tree.prove(leaf.index))
          for (let other = 0; other < list.length; other++) {
            if (other === leaf.index) continue
            expect(() => requireSeat(info, scAddr, k, tree.prove(other))).to.throw('refused')
          }
          const proof = tree.prove(leaf.index)
          const richer = { ...proof, leaf: { ...proof.leaf, stake: proof.leaf.stake + 1n } }
          expect(() => requireSeat(info, scAddr, k, richer)).to.throw('another root')
          const moved = { ...proof, leaf: { ...proof.leaf, index: proof.leaf.index + 2 ** proof.siblings.length } }
          expect(() => requireSeat(info, scAddr, k, moved)).to.throw('refused')
        })
      }),
      { seed, numRuns: 60 }
    )
  })

  it('draws in proportion to stake (chi-square over 20,000 draws, p > 0.001)', () => {
    const stakes = [1n, 2n, 3n, 4n, 5n].map(s => s * 10n ** 12n)
    const tree = new StakeTree(leavesOf(stakes))
    const counts = stakes.map(() => 0)
    const draws = 20_000
    for (let i = 0; i < draws; i++) {
      counts[tree.leafAt(drawPoint(h('mix of this test'), h(`c${i}`) as Hex as ScAddr, 0, tree.root.sum)).index]! += 1
    }
    const total = Number(tree.root.sum)
    const chi = counts.reduce((sum, count, i) => {
      const expected = (draws * Number(stakes[i])) / total
      return sum + (count - expected) ** 2 / expected
    }, 0)
    expect(chi).to.be.below(18.47) // 4 degrees of freedom
  })

  it('never draws a worker without stake, and gives a lone worker every seat', () => {
    const tree = new StakeTree(leavesOf([0n, 7n, 0n]))
    for (let i = 0; i < 50; i++) {
      expect(tree.seats(h('mix'), h(`c${i}`) as Hex as ScAddr).map(leaf => leaf.index)).to.deep.equal([1, 1, 1])
    }
    expect(() => new StakeTree(leavesOf([0n])).seats(h('mix'), h('c') as Hex as ScAddr)).to.throw('Nobody has stake')
  })
})
