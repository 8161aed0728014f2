import { expect } from 'chai'
import { seeded } from '../../harness/attack.ts'
import { eye, flip, multiply, rowsOf, solve } from '../../harness/catalogue/linear-algebra.ts'
import { between } from '../../harness/catalogue/operation.ts'
import { runParties } from '../../harness/local-parties.ts'
import { column, reveal } from '../../harness/open-numbers.ts'
import { DEFAULT_PRIME } from '../../src/field/field.ts'
import { inverse, leastSquares, multipleRegression } from '../../src/numbers/linear-algebra.ts'

const SEED = Number(process.env.MPC_SEED ?? Math.floor(Math.random() * 2 ** 31))
const campaign = process.env.MPC_CAMPAIGN === '1'
const ULP = 2 ** -16
const frobenius = (v: readonly number[]): number => Math.hypot(...v)

const hilbert = (m: number): number[] =>
  Array.from({ length: m * m }, (_, at) => 1 / (Math.floor(at / m) + (at % m) + 1))

/** The docstring of `inverse`: 2^-20 of the norm of the inverse, and the truncation error. Or valid = 0, with zeros. */
async function checkInverse(values: number[], size: number, conditionBits: number): Promise<boolean> {
  const a = column(values, { prime: DEFAULT_PRIME, fraction: 30, magnitude: 4, columns: size })
  const { results } = await runParties({ timeoutMs: 30_000 }, async party => {
    const { value, valid } = await inverse(party, a.at(party), { conditionBits })
    return { value: await reveal(party, value), valid: await reveal(party, valid) }
  })
  const { value, valid } = results[0]!
  if (valid[0] === 0) {
    expect(value).to.deep.equal(Array(size * size).fill(0))
    return false
  }
  const exact = solve(rowsOf(a.values, size), eye(size)).flat()
  const bound = 3 * 2 ** -30 + frobenius(exact) * 2 ** -20
  value.forEach((v, i) => expect(v, `element ${i}`).to.be.closeTo(exact[i]!, bound))
  return true
}

describe(`mpc/ill-conditioned inputs (MPC_SEED=${SEED})`, function () {
  this.timeout(campaign ? 0 : 60_000)

  it('inverts Hilbert matrices to the digits it promises, or says that it cannot', async () => {
    const verdicts: boolean[] = []
    for (const size of [2, 3, 4, 5, 8]) verdicts.push(await checkInverse(hilbert(size), size, 10))
    // condition numbers 19, 524, 15,514, 4.8e5, 1.5e10 against 2^10
    expect(verdicts.slice(0, 2)).to.deep.equal([true, true])
    expect(verdicts.slice(-2)).to.deep.equal([false, false])
  })

  it('gives a right inverse or none for random matrices of every condition', async () => {
    const random = seeded(SEED)
    let [right, refused] = [0, 0]
    for (let tries = 0; tries < (campaign ? 60 : 6); tries++) {
      // rotation, stretching by 1 and 2^-exponent, rotation
      const [turn, other] = [between(random, 0, 6.3), between(random, 0, 6.3)]
      const rotation = (angle: number): number[][] => [
        [Math.cos(angle), -Math.sin(angle)],
        [Math.sin(angle), Math.cos(angle)]
      ]
      const exponent = (tries * 3) % 18
      const stretched = multiply(rotation(turn), [
        [1, 0],
        [0, 2 ** -exponent]
      ])
      if (await checkInverse(multiply(stretched, rotation(other)).flat(), 2, 10)) right++
      else refused++
    }
    expect(right).to.be.above(0)
    expect(refused).to.be.above(0)
  })

  it('solves least squares with nearly collinear columns to the digits it promises, or says that it cannot', async () => {
    const random = seeded(SEED + 1)
    const verdicts: number[] = []
    const gaps = campaign ? [1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 2 ** -14, 0] : [1, 0.1, 0.01, 0.001, 0]
    for (const gap of gaps) {
      const rows = Array.from({ length: 24 }, () => {
        const v = between(random, -4, 4)
        return [v, v + gap * between(random, -1, 1)]
      })
      const right = rows.map(([a, b]) => 2 * a! - b! + between(random, -0.1, 0.1))
      const a = column(rows.flat(), { prime: DEFAULT_PRIME, fraction: 16, magnitude: 3, columns: 2 })
      const b = column(right, { prime: DEFAULT_PRIME, fraction: 16, magnitude: 5 })
      const { results } = await runParties({ timeoutMs: 30_000 }, async party => {
        const plain = await leastSquares(party, a.at(party), b.at(party))
        const fit = await multipleRegression(party, a.at(party), b.at(party))
        const shown = [plain.value, plain.valid, fit.value, fit.standardErrors, fit.valid]
        const out: number[][] = []
        for (const each of shown) out.push(await reveal(party, each))
        return out
      })
      const [value, valid, again, errors, fitValid] = results[0] as [number[], number[], number[], number[], number[]]
      verdicts.push(valid[0]!)
      expect(fitValid).to.deep.equal(valid)
      if (valid[0] === 0) {
        expect([...value, ...again, ...errors]).to.deep.equal(Array(6).fill(0))
        continue
      }
      const clear = rowsOf(a.values, 2)
      const gram = solve(multiply(flip(clear), clear), eye(2))
      const target = b.values.map(v => [v])
      const exact = multiply(gram, multiply(flip(clear), target)).flat()
      // a condition of 2^14 of the scaled system leaves 2^-18 relative to the size of the solution
      const size = frobenius(exact)
      const bound = 4 * ULP + size * 2 ** -18
      exact.forEach((v, j) => {
        expect(value[j], `gap ${gap}, coefficient ${j}`).to.be.closeTo(v, bound)
        expect(again[j], `gap ${gap}, coefficient ${j}`).to.be.closeTo(v, bound)
      })
      const squares = clear.reduce(
        (s, row, i) => s + (b.values[i]! - row[0]! * exact[0]! - row[1]! * exact[1]!) ** 2,
        0
      )
      const variance = squares / (clear.length - 2)
      errors.forEach((v, j) => {
        const error = Math.sqrt(variance * gram[j]![j]!)
        expect(v, `gap ${gap}, error ${j}`).to.be.closeTo(error, 4 * ULP + error * 2 ** -9)
      })
    }
    expect(verdicts[0]).to.equal(1)
    expect(verdicts.at(-1)).to.equal(0)
    expect([...verdicts].sort((x, y) => y - x)).to.deep.equal(verdicts)
  })
})
