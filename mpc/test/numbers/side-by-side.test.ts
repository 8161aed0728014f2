import { expect } from 'chai'
import { Depths } from '../../harness/depth.ts'
import { eye, rowsOf, solve } from '../../harness/catalogue/linear-algebra.ts'
import { covarianceOf } from '../../harness/catalogue/operation.ts'
import { precisionOf } from '../../harness/catalogue/play.ts'
import { runParties } from '../../harness/local-parties.ts'
import { column, randomReal, reveal } from '../../harness/open-numbers.ts'
import { DEFAULT_PRIME } from '../../src/field/field.ts'
import { max } from '../../src/numbers/compare.ts'
import { inverse } from '../../src/numbers/linear-algebra.ts'
import { median } from '../../src/numbers/order.ts'
import type { Secret } from '../../src/numbers/secret.ts'
import { covariance } from '../../src/numbers/statistics.ts'
import { parallel } from '../../src/protocols/masked.ts'

const randoms = (count: number, size: number): number[] => Array.from({ length: count }, () => randomReal(size))

describe('mpc/numbers side by side, and in their second forms', function () {
  this.timeout(60_000)
  for (const [n, t, security] of [
    [3, 1, 'passive'],
    [3, 1, 'active'],
    [4, 1, 'active'],
    [5, 2, 'passive']
  ] as const) {
    const settings = { n, t, prime: DEFAULT_PRIME, fraction: 16 }

    it(`finds the largest, the median and an inverse in fewer rounds than one after the other (n=${n}, t=${t}, ${security})`, async () => {
      const a = column(randoms(9, 1000), { ...settings, magnitude: 10 })
      const m = column([3, 0.5, -1, 0.25, 2, 1, 0, -0.75, 4], { ...settings, magnitude: 3, columns: 3 })
      const programs = [
        (party: Parameters<typeof max>[0]) => max(party, a.at(party)),
        (party: Parameters<typeof max>[0]) => median(party, a.at(party)),
        async (party: Parameters<typeof max>[0]) => (await inverse(party, m.at(party))).value
      ]
      const rounds: number[] = []
      const play = async (
        run: (party: Parameters<typeof max>[0]) => Promise<readonly Secret[]>
      ): Promise<number[][]> => {
        const depths = new Depths()
        const { results } = await runParties({ n, t, security, timeoutMs: 60_000, wrap: depths.wrap }, async party => {
          const found = await run(party)
          rounds.push(depths.rounds)
          const out: number[][] = []
          for (const each of found) out.push(await reveal(party, each))
          return out
        })
        return results[0]!
      }
      for (const program of programs) await play(async party => [await program(party)])
      const alone = [0, 1, 2].map(i => Math.max(...rounds.slice(i * n, (i + 1) * n)))
      const [most, middle, inverted] = await play(party => parallel<Secret[]>(party, programs))
      const together = Math.max(...rounds.slice(3 * n))
      const sorted = [...a.values].sort((x, y) => x - y)
      expect([most, middle]).to.deep.equal([[sorted[8]], [sorted[4]]])
      const exact = solve(rowsOf(m.values, 3), eye(3)).flat()
      const { truncation } = precisionOf(n, t)
      inverted!.forEach((v, i) =>
        expect(v, `element ${i}`).to.be.closeTo(exact[i]!, truncation * 2 ** -16 + 2 ** -20 * Math.hypot(...exact))
      )
      // a party's clock counts what one branch hears for the others too, so this is an upper bound of the rounds
      expect(together).to.be.below(alone.reduce((s, r) => s + r, 0))
    })

    it(`takes the means off first where n^2 x y would not fit behind a mask (n=${n}, t=${t}, ${security})`, async () => {
      const { truncation } = precisionOf(n, t)
      const unit = truncation * 2 ** -16
      for (const [count, magnitude, isSecond] of [
        [300, 20, false],
        [300, 37, true]
      ] as const) {
        // the bounds decide, not the values
        const x = column(randoms(count, 100), { ...settings, magnitude })
        const y = column(
          x.values.map(v => 0.5 * v + randomReal(20)),
          { ...settings, magnitude }
        )
        for (const ddof of [0, 1]) {
          const depths = new Depths()
          let rounds = 0
          const { results } = await runParties(
            { n, t, security, timeoutMs: 60_000, wrap: depths.wrap },
            async party => {
              const found = await covariance(party, x.at(party), y.at(party), { ddof })
              rounds = depths.rounds
              return reveal(party, found)
            }
          )
          if (security === 'passive') expect(rounds).to.equal(isSecond ? 2 : 1)
          const exact = (covarianceOf(x.values, y.values) * count) / (count - ddof)
          // and 2^-40 for the reference, which is no exact number either
          expect(results[0]![0]).to.be.closeTo(
            exact,
            unit + (isSecond ? (unit ** 2 * count) / (count - ddof) : 0) + 2 ** -36
          )
        }
      }
    })
  }
})
