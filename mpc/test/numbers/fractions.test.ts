import { expect } from 'chai'
import { dealLocally, runEach } from '../../harness/local-parties.ts'
import { combine } from '../../src/client.ts'
import { DEFAULT_PRIME, Field } from '../../src/field/field.ts'
import * as mpc from '../../src/index.ts'

const field = Field.of(DEFAULT_PRIME)

/** The released values of a program, or the code with which all nodes refuse it. */
async function run(
  inputs: readonly (readonly bigint[])[],
  program: (party: mpc.Party, shares: readonly mpc.Vec[]) => Promise<mpc.Secret>
): Promise<number[] | string> {
  const dealt = inputs.map(values => dealLocally(values, 3, 1))
  let fraction = 0
  const results = await runEach({ timeoutMs: 30_000 }, async party => {
    const found = await program(
      party,
      dealt.map(rows => rows[party.index]!)
    )
    fraction = found.fraction
    return found.shares
  })
  const failed = results.find(result => result instanceof Error)
  if (failed) return (failed as mpc.MpcError).facts.code
  const rows = results.map((shares, index) => ({ index, shares: shares as mpc.Vec }))
  const { values } = combine(rows, { prime: DEFAULT_PRIME, n: 3, t: 1 })
  return field.toSigned(values).map(value => Number(value) / 2 ** fraction)
}

describe('mpc/numbers: many fraction bits', function () {
  this.timeout(60_000)

  const x = [1n, 2n, 3n, 5n, 8n, 13n]
  const y = x.map(v => 3n * v + 2n)
  const design = x.flatMap(v => [v, 1n])
  const asked: Record<string, readonly [readonly number[], (fraction: number) => Promise<number[] | string>]> = {
    leastSquares: [
      [3, 2],
      fraction =>
        run([design, y], async (party, [a, b]) => {
          const matrix = mpc.secret(party, a!, { magnitude: 5, columns: 2 })
          const { value } = await mpc.leastSquares(party, matrix, mpc.secret(party, b!, { magnitude: 6 }), { fraction })
          return value
        })
    ],
    multipleRegression: [
      [3, 2],
      fraction =>
        run([design, y], async (party, [a, b]) => {
          const matrix = mpc.secret(party, a!, { magnitude: 5, columns: 2 })
          return (await mpc.multipleRegression(party, matrix, mpc.secret(party, b!, { magnitude: 6 }), { fraction }))
            .value
        })
    ],
    simpleRegression: [
      [3],
      fraction =>
        run([x, y], async (party, [a, b]) => {
          const [u, v] = [mpc.secret(party, a!, { magnitude: 5 }), mpc.secret(party, b!, { magnitude: 6 })]
          return (await mpc.simpleRegression(party, u, v, { fraction })).slope
        })
    ],
    inverse: [
      [0.5, 0, 0, 0.25],
      fraction =>
        run([[2n, 0n, 0n, 4n]], async (party, [a]) => {
          const matrix = mpc.secret(party, a!, { magnitude: 3, columns: 2 })
          return (await mpc.inverse(party, matrix, { fraction })).value
        })
    ],
    divide: [
      [2.5],
      fraction =>
        run([[5n], [2n]], async (party, [a, b]) => {
          const [u, v] = [mpc.secret(party, a!, { magnitude: 5 }), mpc.secret(party, b!, { magnitude: 6 })]
          return (await mpc.divide(party, u, v, { fraction, quotientMagnitude: 3 })).value
        })
    ],
    sqrt: [
      [1.5],
      fraction =>
        run([[9n]], async (party, [a]) => {
          const value = mpc.secret(party, a!, { magnitude: 4, fraction: 2 })
          return (await mpc.sqrt(party, value, { fraction })).value
        })
    ],
    quantile: [
      [3 + 0.4 * 2],
      fraction =>
        run([x], (party, [a]) => mpc.quantile(party, mpc.secret(party, a!, { magnitude: 4 }), 0.48, { fraction }))
    ]
  }
  for (const [name, [exact, ask]] of Object.entries(asked)) {
    it(`${name} gives the right numbers or refuses, however many are asked for`, async () => {
      const codes: string[] = []
      for (const fraction of [16, 45, 60, 75, 90, 105, 120, 150, 220]) {
        const found = await ask(fraction)
        if (typeof found === 'string') codes.push(found)
        else
          found.forEach((value, i) =>
            expect(value, `${name}, ${fraction} fraction bits, element ${i}`).to.be.closeTo(exact[i]!, 1e-3)
          )
      }
      expect(codes.length).to.be.above(0)
      expect(codes.filter(code => code !== 'MPC_RANGE')).to.deep.equal([])
    })
  }
})
