import { expect } from 'chai'
import { runParties } from '../../harness/local-parties.ts'
import { column, randomReal, reveal } from '../../harness/open-numbers.ts'
import { DEFAULT_PRIME } from '../../src/field/field.ts'
import { inverse, leastSquares, multipleRegression } from '../../src/numbers/linear-algebra.ts'

const prime = DEFAULT_PRIME
const multiply = (a: number[][], b: number[][]): number[][] =>
  a.map(row => b[0]!.map((_, j) => row.reduce((s, v, l) => s + v * b[l]![j]!, 0)))
const flip = (a: number[][]): number[][] => a[0]!.map((_, j) => a.map(row => row[j]!))

/** Gauss-Jordan with pivoting, in the clear. */
function solve(a: number[][], b: number[][]): number[][] {
  const m = a.map((row, i) => [...row, ...b[i]!])
  for (let i = 0; i < m.length; i++) {
    const pivot = m.slice(i).reduce((best, row, k) => (Math.abs(row[i]!) > Math.abs(m[best]![i]!) ? i + k : best), i)
    ;[m[i], m[pivot]] = [m[pivot]!, m[i]!]
    const lead = m[i]![i]!
    m[i] = m[i]!.map(v => v / lead)
    m.forEach((row, k) => {
      if (k !== i) m[k] = row.map((v, j) => v - row[i]! * m[i]![j]!)
    })
  }
  return m.map(row => row.slice(a.length))
}

const rowsOf = (flat: readonly number[], columns: number): number[][] =>
  Array.from({ length: flat.length / columns }, (_, i) => flat.slice(i * columns, (i + 1) * columns))
const eye = (m: number): number[][] =>
  Array.from({ length: m }, (_, i) => Array.from({ length: m }, (_, j) => Number(i === j)))

const frobenius = (flat: readonly number[]): number => Math.hypot(...flat)

/** One in 200 of these matrices of ten rows has a condition beyond what is promised: another is drawn then. */
function wellConditioned(size: number): number[] {
  for (;;) {
    const values = Array.from({ length: size * size }, (_, i) => randomReal(1) + (i % (size + 1) === 0 ? 2 : 0))
    if (frobenius(values) * frobenius(solve(rowsOf(values, size), eye(size)).flat()) < 2 ** 9) return values
  }
}

async function invert(
  values: number[],
  size: number
): Promise<{ value: number[]; valid: number; rounds: number; clear: number[][] }> {
  const a = column(values, { prime, fraction: 16, magnitude: 10, columns: size })
  const { results, traffic } = await runParties({ timeoutMs: 20_000 }, async party => {
    const { value, valid } = await inverse(party, a.at(party))
    return { value: await reveal(party, value), valid: (await reveal(party, valid))[0]! }
  })
  return { ...results[0]!, rounds: Math.max(...traffic.map(({ rounds }) => rounds)), clear: rowsOf(a.values, size) }
}

describe('mpc/linear algebra', function () {
  this.timeout(30_000)

  it('inverts random matrices and badly scaled ones', async () => {
    const sizes = process.env.MPC_CAMPAIGN === '1' ? [1, 2, 5, 10] : [1, 3, 10]
    for (const [at, size] of sizes.entries()) {
      const factors = process.env.MPC_CAMPAIGN === '1' ? [1, 300, 0.05] : [[300], [0.05], [1]][at]!
      for (const factor of factors) {
        const values = wellConditioned(size).map(v => v * factor)
        const { value, valid, clear, rounds } = await invert(values, size)
        expect(valid).to.equal(1)
        const exact = solve(clear, eye(size)).flat()
        const norm = Math.sqrt(exact.reduce((s, v) => s + v * v, 0))
        value.forEach((v, i) => expect(v).to.be.closeTo(exact[i]!, 3 * 2 ** -16 + norm * 2 ** -20))
        expect(rounds).to.be.below(300)
      }
    }
  })

  it('gives a right inverse or none as the matrix nears a singular one', async () => {
    for (const gap of [1, 0.1, 0.01, 0.001, 2 ** -16, 0]) {
      const { value, valid, clear } = await invert([1, 2, 2, 4 + gap], 2)
      if (valid === 1) {
        const exact = solve(clear, eye(2)).flat()
        const norm = Math.hypot(...exact)
        value.forEach((v, i) => expect(v).to.be.closeTo(exact[i]!, 3 * 2 ** -16 + norm * 2 ** -20))
      } else {
        expect(value).to.deep.equal([0, 0, 0, 0])
        expect(gap).to.be.below(0.1)
      }
    }
    expect((await invert([0, 0, 0, 0], 2)).valid).to.equal(0)
  })

  it('solves least squares, from an approximation too, with columns of very different size', async () => {
    const [rows, size] = [200, 5]
    const scale = [1, 50, 0.2, 3, 10]
    const truth = [2, -0.5, 7, 0, 1.25]
    const design = Array.from({ length: rows }, () => scale.map(s => randomReal(s)))
    const right = design.map(row => row.reduce((s, v, j) => s + v * truth[j]!, 0) + 4 + randomReal(0.5))
    const a = column(design.flat(), { prime, fraction: 16, magnitude: 6, columns: size })
    const b = column(right, { prime, fraction: 16, magnitude: 8 })
    const guess = column([...truth.map(v => v + 0.1), 3.9], { prime, fraction: 16, magnitude: 5 })
    const { results, traffic } = await runParties({ timeoutMs: 20_000 }, async party => {
      const plain = await leastSquares(party, a.at(party), b.at(party), { intercept: true })
      const near = await leastSquares(party, a.at(party), b.at(party), { intercept: true, x0: guess.at(party) })
      return Promise.all([plain.value, plain.valid, near.value, near.valid].map(v => reveal(party, v)))
    })
    const clear = rowsOf(a.values, size).map(row => [...row, 1])
    const exact = solve(
      multiply(flip(clear), clear),
      multiply(
        flip(clear),
        b.values.map(v => [v])
      )
    ).flat()
    const [plain, valid, near, nearValid] = results[0]!
    expect([valid, nearValid]).to.deep.equal([[1], [1]])
    for (const found of [plain!, near!])
      found.forEach((v, j) =>
        expect(v, `coefficient ${j}`).to.be.closeTo(exact[j]!, 4 * 2 ** -16 + 2 ** -16 * Math.abs(exact[j]!))
      )
    expect(Math.max(...traffic.map(({ rounds }) => rounds))).to.be.below(2 * 600)
  })

  for (const [noise, security, t] of [
    [4, 'passive', 1],
    [0.05, 'passive', 1],
    [4, 'active', 1],
    [4, 'passive', 2]
  ] as const) {
    it(`finds the standard errors of a multiple regression (noise ${noise}, ${security}, t=${t})`, async () => {
      const n = 2 * t + 1
      const scale = [1, 50, 0.2]
      const design = Array.from({ length: 60 }, () => scale.map(s => randomReal(s)))
      const right = design.map(row => 2 * row[0]! - 0.5 * row[1]! + 7 * row[2]! + 4 + randomReal(noise))
      const a = column(design.flat(), { n, t, prime, fraction: 16, magnitude: 6, columns: 3 })
      const b = column(right, { n, t, prime, fraction: 16, magnitude: 8 })
      const { results } = await runParties({ n, t, security, timeoutMs: 20_000 }, async party => {
        const fit = await multipleRegression(party, a.at(party), b.at(party), { intercept: true })
        return {
          value: await reveal(party, fit.value),
          errors: await reveal(party, fit.standardErrors),
          valid: await reveal(party, fit.valid),
          degrees: fit.degreesOfFreedom
        }
      })
      const clear = rowsOf(a.values, 3).map(row => [...row, 1])
      const gram = solve(multiply(flip(clear), clear), eye(4))
      const target = b.values.map(v => [v])
      const exact = multiply(gram, multiply(flip(clear), target)).flat()
      const residuals = clear.map((row, i) => b.values[i]! - row.reduce((s, v, j) => s + v * exact[j]!, 0))
      const variance = residuals.reduce((s, v) => s + v * v, 0) / 56
      const { value, errors, valid, degrees } = results[0]!
      expect([valid, degrees]).to.deep.equal([[1], 56])
      const ulps = (t === 1 ? 4 : 12) * 2 ** -16
      exact.forEach((v, j) => {
        expect(value[j], `coefficient ${j}`).to.be.closeTo(v, ulps + 2 ** -16 * Math.abs(v))
        const error = Math.sqrt(variance * gram[j]![j]!)
        expect(errors[j], `error ${j}`).to.be.closeTo(error, ulps + 2 ** -12 * error)
      })
    })
  }

  it('gives no standard errors where the columns are dependent or the rows too few', async () => {
    const base = Array.from({ length: 12 }, () => randomReal(5))
    const flat = base.flatMap(v => [v, 2 * v])
    const a = column(flat, { prime, fraction: 10, magnitude: 6, columns: 2 })
    const b = column(base, { prime, fraction: 10, magnitude: 6 })
    const { results } = await runParties({ timeoutMs: 20_000 }, async party => {
      const fit = await multipleRegression(party, a.at(party), b.at(party))
      return [await reveal(party, fit.standardErrors), await reveal(party, fit.valid)]
    })
    expect(results[0]).to.deep.equal([[0, 0], [0]])
    const short = column(flat.slice(0, 4), { prime, fraction: 10, magnitude: 6, columns: 2 })
    const two = column(base.slice(0, 2), { prime, fraction: 10, magnitude: 6 })
    const refused = await runParties({}, party => multipleRegression(party, short.at(party), two.at(party))).catch(
      e => e
    )
    expect(refused.code).to.equal('MPC_SHAPE')
  })

  it('refuses dependent columns instead of answering', async () => {
    const base = Array.from({ length: 30 }, () => randomReal(5))
    const a = column(
      base.flatMap(v => [v, 2 * v, 1]),
      { prime, fraction: 10, magnitude: 6, columns: 3 }
    )
    const b = column(base, { prime, fraction: 10, magnitude: 6 })
    const { results } = await runParties({ timeoutMs: 20_000 }, async party => {
      const { value, valid } = await leastSquares(party, a.at(party), b.at(party))
      return [await reveal(party, value), await reveal(party, valid)]
    })
    expect(results[0]).to.deep.equal([[0, 0, 0], [0]])
  })
})
