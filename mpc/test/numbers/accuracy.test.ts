import { expect } from 'chai'
import { operations } from '../../harness/catalogue/index.ts'
import { complaint, precisionOf, prepare } from '../../harness/catalogue/play.ts'
import { runParties } from '../../harness/local-parties.ts'
import { reveal } from '../../harness/open-numbers.ts'
import { seeded } from '../../harness/attack.ts'
import { DEFAULT_PRIME, FAST_PRIME } from '../../src/field/field.ts'

const SEED = Number(process.env.MPC_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Random inputs for each operation, shape and setting. */
const TRIES = process.env.MPC_CAMPAIGN === '1' ? 40 : 2
/** What 2^130 - 5 cannot carry with the bounds of the catalogue's inputs: it must say so. Everything else it must compute. */
const REFUSED: readonly string[] = [
  'numbers/linear-algebra.inverse',
  'numbers/linear-algebra.leastSquares',
  'numbers/linear-algebra.multipleRegression'
]
/** Their shape is that of the first operand, element by element. */
const ELEMENTWISE =
  /\.(add|sub|neg|scaleInteger|scaleReal|withFraction|mul|lt|gt|lte|gte|eq|sign|abs|select|divide|reciprocal|sqrt|inverseSqrt|foreignSecret)$/

describe(`mpc/accuracy (MPC_SEED=${SEED})`, function () {
  this.timeout(process.env.MPC_CAMPAIGN === '1' ? 0 : 60_000)

  for (const [n, t, prime, security] of [
    [3, 1, DEFAULT_PRIME, 'passive'],
    [3, 1, DEFAULT_PRIME, 'active'],
    [4, 1, DEFAULT_PRIME, 'active'],
    [5, 2, DEFAULT_PRIME, 'passive'],
    [3, 1, FAST_PRIME, 'passive'],
    // other settings: one shape of each operation
    [5, 1, DEFAULT_PRIME, 'passive'],
    [7, 1, DEFAULT_PRIME, 'passive'],
    [7, 2, DEFAULT_PRIME, 'passive'],
    [7, 3, DEFAULT_PRIME, 'passive'],
    [5, 2, DEFAULT_PRIME, 'active'],
    [7, 3, DEFAULT_PRIME, 'active']
  ] as const) {
    describe(`n=${n} t=${t} ${prime.toString(2).length} bits ${security}`, () => {
      for (const operation of operations) {
        // all shapes where it costs little, or once
        const once = n === 7 || (n === 5 && (t === 1 || security === 'active'))
        const all =
          operation.shapes.includes('vector') && !operation.slow ? [...operation.shapes, 'batch' as const] : null
        const shapes = once
          ? operation.shapes.slice(-1)
          : (all ?? (n === 3 ? operation.shapes : operation.shapes.slice(-1)))
        it(`${operation.name} on ${shapes.join(', ')}`, async () => {
          const random = seeded(SEED)
          for (const shape of shapes) {
            for (let tries = 0; tries < (operation.slow ? Math.ceil(TRIES / 2) : TRIES); tries++) {
              const prepared = prepare(operation, shape, random, { n, t, prime })
              const run = runParties({ n, t, prime, security, timeoutMs: 20_000 }, async party => {
                const results = await operation.run(party, prepared.at(party))
                const values: number[][] = []
                for (const result of results) values.push(await reveal(party, result))
                return { values, shapes: results.map(({ rows, columns }) => [rows, columns]) }
              })
              if (prime === FAST_PRIME && REFUSED.includes(operation.name)) {
                const code = await run.then(
                  () => 'none',
                  (error: { code: string }) => error.code
                )
                expect(code, shape).to.equal('MPC_RANGE')
                continue
              }
              const { results } = await run
              for (const { values, shapes } of results) {
                expect(complaint(prepared, values, precisionOf(n, t)), shape).to.equal(null)
                if (ELEMENTWISE.test(operation.name)) {
                  const rows = prepared.inputs[0]!.length / prepared.columns
                  expect(shapes[0], shape).to.deep.equal([rows, prepared.columns])
                }
              }
            }
          }
        })
      }
    })
  }
})
