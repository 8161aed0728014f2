import { expect } from 'chai'
import { seeded } from '../../harness/attack.ts'
import { eye, flip, multiply, promisedBounds, rowsOf, solve } from '../../harness/catalogue/linear-algebra.ts'
import { between } from '../../harness/catalogue/operation.ts'
import { runParties } from '../../harness/local-parties.ts'
import { column, reveal } from '../../harness/open-numbers.ts'
import { DEFAULT_PRIME } from '../../src/field/field.ts'
import { inverse, leastSquares, multipleRegression } from '../../src/numbers/linear-algebra.ts'
import { reduceProduct } from '../../src/protocols/multiply.ts'
import { elements } from '../../src/protocols/product.ts'
import { identity, planCourse, prepareNewtonSchulz } from '../../src/numbers/newton-schulz.ts'

const SEED = Number(process.env.MPC_SEED ?? Math.floor(Math.random() * 2 ** 31))
const campaign = process.env.MPC_CAMPAIGN === '1'
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

  /** A matrix with singular values between 1 and `smallest`, both of which it has. */
  const withSmallest = (random: () => number, size: number, smallest: number): number[] => {
    const rotation = (): number[][] => {
      const rows: number[][] = []
      for (let i = 0; i < size; i++) {
        let row = Array.from({ length: size }, () => between(random, -1, 1))
        for (const other of [...rows, ...rows]) {
          const along = row.reduce((sum, v, j) => sum + v * other[j]!, 0)
          row = row.map((v, j) => v - along * other[j]!)
        }
        rows.push(row.map(v => v / frobenius(row)))
      }
      return rows
    }
    const stretch = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) =>
        i !== j ? 0 : i === 0 ? 1 : i === 1 ? smallest : Math.max(smallest, 2 ** -between(random, 0, 10))
      )
    )
    return multiply(multiply(rotation(), stretch), rotation()).flat()
  }

  it('inverts every matrix of ten rows up to the condition it promises, and refuses singular ones', async () => {
    const random = seeded(SEED + 2)
    for (const exponent of campaign ? [0, 2, 4, 6, 7, 8, 9, 9.5, 10] : [0, 6, 10]) {
      expect(await checkInverse(withSmallest(random, 10, 2 ** -exponent), 10, 10), `2^${exponent}`).to.equal(true)
    }
    for (const smallest of [2 ** -16, 0]) {
      expect(await checkInverse(withSmallest(random, 10, smallest), 10, 10)).to.equal(false)
    }
    const line = Array.from({ length: 100 }, (_, i) => (((i % 10) + 1) * (Math.floor(i / 10) + 1)) / 16)
    for (const values of [line, Array<number>(100).fill(0)]) expect(await checkInverse(values, 10, 10)).to.equal(false)
  })

  it('iterates in one round a step or in two, to the same result', async () => {
    const random = seeded(SEED + 3)
    const turned = rowsOf(withSmallest(random, 6, 2 ** -4), 6)
    const positive = multiply(turned, flip(turned)).flat()
    const results = []
    for (const coupled of [true, false]) {
      const given = column(positive, { prime: DEFAULT_PRIME, fraction: 52, magnitude: 0.1, columns: 6 })
      const { results: found } = await runParties({ timeoutMs: 30_000, security: 'passive' }, async party => {
        const course = { ...planCourse(party, 'test', 10, 6, 0), working: 46, coupled }
        const iteration = await prepareNewtonSchulz(party, course, async stage => {
          const b = await stage.enter({ rows: 6, columns: 6, whole: 52, fraction: 46, norm: 0.1 })
          return { b, x: stage.constant(identity(party, 6, 46)), product: b }
        })
        const prepared = await reduceProduct(party, iteration.products)
        const entering = elements(party.field, given.at(party).shares, party.field.constant(1n))
        const { result, converged } = await iteration.play(prepared, entering, async (_, x) => x)
        return { value: await reveal(party, result), converged: await reveal(party, converged) }
      })
      expect(found[0]!.converged).to.deep.equal([1])
      results.push(found[0]!.value)
    }
    const exact = solve(rowsOf(positive, 6), eye(6)).flat()
    for (const value of results) {
      value.forEach((v, i) => expect(v, `element ${i}`).to.be.closeTo(exact[i]!, frobenius(exact) * 2 ** -24))
    }
  })

  it('takes two rounds a step where errors of rounding could grow too large', async () => {
    await runParties({}, async party => {
      expect(planCourse(party, 'test', 22 + Math.log2(10), 10, 0)).to.include({ coupled: true })
      expect(planCourse(party, 'test', 22 + Math.log2(50), 50, 0)).to.include({ coupled: false })
      // every eigenvalue in [2^-spread, 1] is taken to one within 2^-7 / sqrt(m) of 1, and the norm grows as it says
      for (const [spread, size] of [
        [1, 1],
        [10, 3],
        [15, 10],
        [25.3, 10]
      ] as const) {
        const { eighths, growth } = planCourse(party, 'test', spread, size, 0)
        expect(growth).to.be.closeTo(
          eighths.reduce((sum, s) => sum + Math.log2(s / 4), 0),
          1e-9
        )
        for (let i = 0; i <= 400; i++) {
          const end = eighths.reduce((v, s) => (s / 8) * v * (2 - (s / 8) * v), 2 ** ((-spread * i) / 400))
          expect(Math.abs(1 - end) * Math.sqrt(size)).to.be.below(2 ** -7)
        }
      }
    })
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
        const plain = await leastSquares(party, a.at(party), b.at(party), { fraction: 30 })
        const fit = await multipleRegression(party, a.at(party), b.at(party), { fraction: 30 })
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
      const bounds = promisedBounds(clear, b.values, exact)
      exact.forEach((v, j) => {
        const bound = 6 * 2 ** -30 + bounds.coefficients[j]!
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
        expect(v, `gap ${gap}, error ${j}`).to.be.closeTo(error, 6 * 2 ** -30 + bounds.errors[j]!)
      })
    }
    expect(verdicts[0]).to.equal(1)
    expect(verdicts.at(-1)).to.equal(0)
    expect([...verdicts].sort((x, y) => y - x)).to.deep.equal(verdicts)
  })
})
