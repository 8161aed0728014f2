import { expect } from 'chai'
import { runParties } from '../../harness/local-parties.ts'
import { column, randomReal, reveal } from '../../harness/open-numbers.ts'
import { DEFAULT_PRIME, FAST_PRIME } from '../../src/field/field.ts'
import { add, dot, matmul, mul, neg, publicValue, scaleReal, sub, sum } from '../../src/numbers/arithmetic.ts'
import {
  abs,
  argmax,
  argmin,
  eq,
  eqBlinded,
  gt,
  gte,
  lt,
  lte,
  max,
  min,
  select,
  sign
} from '../../src/numbers/compare.ts'
import { divide, inverseSqrt, reciprocal, sqrt, type Partial } from '../../src/numbers/divide.ts'
import { correlation, simpleRegression } from '../../src/numbers/regression.ts'
import { reshape, secret, type Secret } from '../../src/numbers/secret.ts'
import { parallel } from '../../src/protocols/masked.ts'
import type { Party } from '../../src/session/party.ts'
import { covariance, mean, std, variance } from '../../src/numbers/statistics.ts'

const ULP = 2 ** -16
const near = (found: readonly number[], expected: readonly number[], tolerance: (i: number) => number): void => {
  expect(found).to.have.length(expected.length)
  found.forEach((value, i) => expect(value, `element ${i}`).to.be.closeTo(expected[i]!, tolerance(i)))
}
const revealAll = async (party: Party, values: readonly Secret[]): Promise<number[]> => {
  const out: number[] = []
  for (const value of values) out.push(...(await reveal(party, value)))
  return out
}
const randoms = (count: number, size: number): number[] => Array.from({ length: count }, () => randomReal(size))

for (const [n, t, prime, security] of [
  [3, 1, DEFAULT_PRIME, 'passive'],
  [3, 1, DEFAULT_PRIME, 'active'],
  [3, 1, FAST_PRIME, 'passive'],
  [4, 1, DEFAULT_PRIME, 'active'],
  [5, 2, DEFAULT_PRIME, 'passive']
] as const) {
  const ulps = (n === 3 ? 2 : n === 4 ? 2.5 : 5.5) * ULP
  const settings = { n, t, prime, fraction: 16, magnitude: 20 }
  const run = async <T>(program: Parameters<typeof runParties<T>>[1]): Promise<T> => {
    const { results } = await runParties({ n, t, prime, security, timeoutMs: 20_000 }, program)
    expect(results.slice(1)).to.deep.equal(results.slice(0, -1))
    return results[0]!
  }

  describe(`mpc/numbers n=${n} t=${t} ${prime.toString(2).length} bits ${security}`, function () {
    this.timeout(30_000)

    it('adds, multiplies, sums and scales with the stated errors', async () => {
      const [a, b] = [column(randoms(50, 1e5), settings), column(randoms(50, 1e5), settings)]
      const found = await run(async party => {
        const [x, y] = [a.at(party), b.at(party)]
        const product = await mul(party, x, y)
        return {
          sum: await reveal(party, add(party, x, y)),
          difference: await reveal(party, sub(party, x, neg(party, y))),
          product: await reveal(party, product),
          dot: await reveal(party, await dot(party, x, y)),
          total: await reveal(party, sum(party, x)),
          scaled: await reveal(party, await scaleReal(party, x, -0.37)),
          shifted: await reveal(party, add(party, x, publicValue(party, [1.5], 4))),
          matrix: await reveal(party, await matmul(party, reshape(x, 5, 10), reshape(y, 10, 5)))
        }
      })
      const [x, y] = [a.values, b.values]
      near(
        found.sum,
        x.map((v, i) => v + y[i]!),
        () => 0
      )
      near(
        found.difference,
        x.map((v, i) => v + y[i]!),
        () => 0
      )
      near(
        found.product,
        x.map((v, i) => v * y[i]!),
        () => ulps + 2e-6
      )
      near(found.dot, [x.reduce((s, v, i) => s + v * y[i]!, 0)], () => ulps + 1e-4)
      near(found.total, [x.reduce((s, v) => s + v, 0)], () => 1e-9)
      near(
        found.scaled,
        x.map(v => v * -0.37),
        () => ulps + 2e-4
      )
      near(
        found.shifted,
        x.map(v => v + 1.5),
        () => 0
      )
      const entry = (i: number, j: number): number =>
        Array.from({ length: 10 }, (_, l) => x[10 * i + l]! * y[5 * l + j]!).reduce((s, v) => s + v, 0)
      near(
        found.matrix,
        Array.from({ length: 25 }, (_, i) => entry(Math.floor(i / 5), i % 5)),
        () => ulps + 1e-4
      )
    })

    it('compares, selects and finds extremes', async () => {
      const values = [3.5, -2, 3.5, 0, 9.25, -7, 9.25]
      const others = [3.5, 2, -3.5, 0, 9.5, -8, 9]
      const [a, b] = [column(values, settings), column(others, settings)]
      const found = await run(async party => {
        const [x, y] = [a.at(party), b.at(party)]
        const less = await lt(party, x, y)
        const ops = { gt, gte, lte, eq }
        const compared: Record<string, number[]> = { lt: await reveal(party, less) }
        for (const [name, op] of Object.entries(ops)) compared[name] = await reveal(party, await op(party, x, y))
        return {
          ...compared,
          sign: await reveal(party, await sign(party, x)),
          abs: await reveal(party, await abs(party, x)),
          select: await reveal(party, await select(party, less, x, y)),
          extremes: await revealAll(
            party,
            await parallel<Secret[]>(
              party,
              [max, min, argmax, argmin].map(op => (branch: Party) => op(branch, x))
            )
          ),
          blinded: (await reveal(party, await eqBlinded(party, x, y))).map(v => v === 0)
        }
      })
      const bits = (test: (x: number, y: number) => boolean): number[] =>
        values.map((v, i) => Number(test(v, others[i]!)))
      expect(found).to.deep.equal({
        lt: bits((x, y) => x < y),
        gt: bits((x, y) => x > y),
        gte: bits((x, y) => x >= y),
        lte: bits((x, y) => x <= y),
        eq: bits((x, y) => x === y),
        sign: values.map(Math.sign),
        abs: values.map(Math.abs),
        select: values.map((v, i) => Math.min(v, others[i]!)),
        extremes: [9.25, -7, 4, 5],
        blinded: values.map((v, i) => v === others[i])
      })
    })

    it('divides and takes roots, and says where no result exists', async function () {
      const tops = [...randoms(6, 1000), 1, 0, 5, 1e6]
      const bottoms = [...randoms(6, 50), -3, 7, 0, ULP]
      const roots = [0, 1, 2, 1e6, ULP, 0.25, 123456.789, -4]
      const [a, b, c] = [column(tops, settings), column(bottoms, settings), column(roots, settings)]
      const found = await run(async party => {
        const [x, y, z] = [a.at(party), b.at(party), c.at(party)]
        const found = await parallel<Partial[]>(party, [
          branch => divide(branch, x, y),
          branch => reciprocal(branch, y),
          branch => sqrt(branch, z),
          branch => inverseSqrt(branch, z)
        ])
        const out: { value: number[]; valid: number[] }[] = []
        for (const { value, valid } of found)
          out.push({ value: await reveal(party, value), valid: await reveal(party, valid) })
        return out
      })
      const check = (at: number, exact: (i: number) => number, valid: (i: number) => boolean): void => {
        found[at]!.valid.forEach((flag, i) => {
          expect(flag, `result ${at}, element ${i}`).to.equal(Number(valid(i)))
          if (valid(i))
            expect(found[at]!.value[i], `result ${at}, element ${i}`).to.be.closeTo(
              exact(i),
              2 * ulps + Math.abs(exact(i)) * 2 ** -22
            )
          else expect(found[at]!.value[i]).to.equal(0)
        })
      }
      const [x, y, z] = [a.values, b.values, c.values]
      check(
        0,
        i => x[i]! / y[i]!,
        i => Math.abs(x[i]! / y[i]!) < 2 ** 20 && y[i] !== 0
      )
      check(
        1,
        i => 1 / y[i]!,
        i => y[i] !== 0 && 1 / Math.abs(y[i]!) < 2 ** 20
      )
      check(
        2,
        i => Math.sqrt(z[i]!),
        i => z[i]! >= 0
      )
      check(
        3,
        i => 1 / Math.sqrt(z[i]!),
        i => z[i]! > 0
      )
    })

    it('computes mean, variance, deviation, covariance and correlation', async () => {
      const x = randoms(300, 200)
      const y = x.map(v => 0.5 * v + randomReal(30))
      const small = { ...settings, magnitude: 9 }
      const [a, b, c] = [column(x, small), column(y, small), column(Array<number>(300).fill(7), small)]
      const found = await run(async party => {
        const [u, v, w] = [a.at(party), b.at(party), c.at(party)]
        const deviation = await std(party, u)
        const [r, none] = await parallel<[Partial, Partial]>(party, [
          branch => correlation(branch, u, v, 24),
          branch => correlation(branch, u, w)
        ])
        const all = [
          await mean(party, u),
          await variance(party, u),
          await variance(party, u, { ddof: 1 }),
          deviation.value,
          await covariance(party, u, v),
          r.value,
          r.valid,
          none.valid,
          none.value
        ]
        return revealAll(party, all)
      })
      const avg = (v: readonly number[]): number => v.reduce((s, e) => s + e, 0) / v.length
      const [mx, my] = [avg(a.values), avg(b.values)]
      const cov = (u: readonly number[], v: readonly number[], mu: number, mv: number): number =>
        avg(u.map((e, i) => (e - mu) * (v[i]! - mv)))
      const [vx, vy, cxy] = [
        cov(a.values, a.values, mx, mx),
        cov(b.values, b.values, my, my),
        cov(a.values, b.values, mx, my)
      ]
      const expected = [mx, vx, (vx * 300) / 299, Math.sqrt(vx), cxy, cxy / Math.sqrt(vx * vy), 1, 0, 0]
      near(found, expected, i => (i === 5 ? 1e-6 : 2 * ulps + 1e-5))
    })

    it('fits a line', async () => {
      const x = randoms(100, 60)
      const y = x.map(v => -3.25 * v + 17 + randomReal(5))
      const small = { ...settings, fraction: prime === FAST_PRIME ? 12 : 16, magnitude: 9 }
      const [a, b] = [column(x, small), column(y, small)]
      const found = await run(async party => {
        const { slope, intercept, r, unexplained, valid, yVariance } = await simpleRegression(
          party,
          a.at(party),
          b.at(party),
          { slopeMagnitude: 8, fraction: 16 }
        )
        return revealAll(party, [slope, intercept, r, unexplained, valid, yVariance])
      })
      const avg = (v: readonly number[]): number => v.reduce((s, e) => s + e, 0) / v.length
      const [mx, my] = [avg(a.values), avg(b.values)]
      const vx = avg(a.values.map(v => (v - mx) ** 2))
      const vy = avg(b.values.map(v => (v - my) ** 2))
      const cxy = avg(a.values.map((v, i) => (v - mx) * (b.values[i]! - my)))
      const r = cxy / Math.sqrt(vx * vy)
      near(found, [cxy / vx, my - (cxy / vx) * mx, r, 1 - r * r, 1, vy], () => 3 * ulps)
    })
  })
}

describe('mpc/numbers bounds', () => {
  it('refuses what could wrap or lose its digits, before sending anything', async () => {
    const wide = column([1], { prime: DEFAULT_PRIME, fraction: 16, magnitude: 60 })
    for (const program of [mul, matmul, dot] as const) {
      const { traffic, failure } = await (async () => {
        let sent = 0
        const failure = await runParties({ intercept: ({ body }) => (sent++, body) }, async party =>
          program(party, wide.at(party), wide.at(party))
        ).catch(e => e)
        return { traffic: sent, failure }
      })()
      expect(failure.code).to.equal('MPC_RANGE')
      expect(failure.hint).to.contain('bounds')
      expect(traffic).to.equal(0)
    }
    const refused = await runParties({}, async party => secret(party, party.field.zeros(1), { magnitude: 163 })).catch(
      e => e
    )
    expect(refused.code).to.equal('MPC_RANGE')
  })
})
