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
/** Their shape is that of the first operand, element by element. */
const ELEMENTWISE =
  /\.(add|sub|neg|scaleInteger|scaleReal|withFraction|mul|lt|gt|lte|gte|eq|sign|abs|select|divide|reciprocal|sqrt|inverseSqrt|foreignSecret)$/

describe(`mpc/accuracy (MPC_SEED=${SEED})`, function () {
  this.timeout(process.env.MPC_CAMPAIGN === '1' ? 0 : 30_000)

  for (const [n, t, prime, security] of [
    [3, 1, DEFAULT_PRIME, 'passive'],
    [3, 1, DEFAULT_PRIME, 'active'],
    [4, 1, DEFAULT_PRIME, 'active'],
    [5, 2, DEFAULT_PRIME, 'passive'],
    [3, 1, FAST_PRIME, 'passive']
  ] as const) {
    describe(`n=${n} t=${t} ${prime.toString(2).length} bits ${security}`, () => {
      for (const operation of operations) {
        // the smaller modulus does not carry all inputs of the catalogue; what it refuses, it must refuse before sending
        // all shapes where it costs little, or once
        const all =
          operation.shapes.includes('vector') && !operation.slow ? [...operation.shapes, 'batch' as const] : null
        const shapes = all ?? (n === 3 ? operation.shapes : operation.shapes.slice(-1))
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
              if (prime === FAST_PRIME) {
                const refused = await run.then(
                  () => null,
                  (error: { code: string }) => error.code
                )
                if (refused !== null) {
                  expect(refused).to.equal('MPC_RANGE')
                  continue
                }
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
