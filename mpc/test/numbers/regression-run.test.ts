import { expect } from 'chai'
import { runParties } from '../../harness/local-parties.ts'
import { column, reveal, type Column } from '../../harness/open-numbers.ts'
import { slopeSignificance, twoSided } from '../../src/client.ts'
import { DEFAULT_PRIME } from '../../src/field/field.ts'
import { multipleRegression } from '../../src/numbers/linear-algebra.ts'
import { simpleRegression } from '../../src/numbers/regression.ts'

interface Sample {
  /** What makes whole numbers of x and y: they are shared exactly. */
  readonly units: readonly [x: number, y: number]
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly slope: readonly [value: number, error: number]
  readonly intercept: readonly [value: number, error: number]
  readonly p?: readonly [slope: number, intercept: number]
}

const samples: Record<string, Sample> = {
  // Anscombe, "Graphs in statistical analysis", 1973, first of four
  Anscombe: {
    units: [1, 100],
    x: [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5],
    y: [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68],
    slope: [0.5000909, 0.1179055],
    intercept: [3.0000909, 1.1247468],
    p: [0.0021696, 0.0257341]
  },
  // Norris, of the statistical reference data of NIST, with certified results
  Norris: {
    units: [10, 10],
    x: [
      0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6, 775.5, 666.9, 338.0, 447.5,
      11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1,
      448.9, 0.5
    ],
    y: [
      0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, 778.1, 668.8, 339.3, 448.9,
      10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4,
      449.2, 0.2
    ],
    slope: [1.00211681802045, 0.000429796848199937],
    intercept: [-0.262323073774029, 0.232818234301152]
  }
}

describe('mpc/regression of a real run', function () {
  this.timeout(60_000)
  for (const [name, { units, x, y, slope, intercept, p }] of Object.entries(samples)) {
    for (const [n, security] of [
      [3, 'passive'],
      [3, 'active'],
      [4, 'active']
    ] as const) {
      it(`gives published coefficients, errors and p from opened shares: ${name} (n=${n}, ${security})`, async () => {
        const shape = { n, prime: DEFAULT_PRIME, magnitude: 14 }
        const whole = (values: readonly number[], unit: number): Column =>
          column(
            values.map(v => Math.round(v * unit)),
            shape
          )
        const [a, b] = [whole(x, units[0]), whole(y, units[1])]
        const { results } = await runParties({ n, security, timeoutMs: 60_000 }, async party => {
          const fit = await multipleRegression(party, a.at(party), b.at(party), { intercept: true, fraction: 30 })
          const line = await simpleRegression(party, a.at(party), b.at(party), { fraction: 32 })
          const shown = [fit.value, fit.standardErrors, line.slope, line.unexplained, line.xVariance, line.yVariance]
          const out: number[][] = []
          for (const each of shown) out.push(await reveal(party, each))
          return { out, degrees: fit.degreesOfFreedom }
        })
        const { out, degrees } = results[0]!
        expect(results.map(each => each.out)).to.deep.equal(Array(n).fill(out))
        const [values, errors] = out as [number[], number[]]
        // back to the units of the table, which has some seven digits
        const scales = [units[0] / units[1], 1 / units[1]]
        const digits = (v: number): number => Math.abs(v) * 1e-6
        for (const [j, [value, error]] of [slope, intercept].entries()) {
          expect(values[j]! * scales[j]!, `coefficient ${j}`).to.be.closeTo(value, digits(value))
          expect(errors[j]! * scales[j]!, `error ${j}`).to.be.closeTo(error, error * 2 ** -16 + digits(error))
        }
        const [[of], [unexplained], [xVariance], [yVariance]] = out.slice(2) as [number[], number[], number[], number[]]
        const found = slopeSignificance({
          slope: of!,
          unexplained: unexplained!,
          xVariance: xVariance!,
          yVariance: yVariance!,
          count: x.length
        })
        expect(of! * scales[0]!).to.be.closeTo(slope[0], digits(slope[0]))
        // 1 - r^2 comes with 30 bits behind the point, and the error is its root
        const relative = 2 ** -16 + (2 * 2 ** -30) / unexplained!
        expect(found.standardError * scales[0]!).to.be.closeTo(slope[1], slope[1] * relative + digits(slope[1]))
        if (!p) return
        expect(found.p).to.be.closeTo(p[0], 1e-7)
        for (const [j, wanted] of p.entries()) {
          expect(twoSided(values[j]! / errors[j]!, degrees), `p ${j}`).to.be.closeTo(wanted, 1e-6)
        }
      })
    }
  }
})
