import { expect } from 'chai'
import { operations } from '../../harness/catalogue/index.ts'
import type { Input } from '../../harness/catalogue/operation.ts'
import { seeded } from '../../harness/attack.ts'
import { dealLocally, runEach } from '../../harness/local-parties.ts'
import * as mpc from '../../src/index.ts'
import { mulMany } from '../../src/numbers/arithmetic.ts'
import { scaledInteger } from '../../src/numbers/scaled-integer.ts'

type Security = 'passive' | 'active'
type Program = (party: mpc.Party, inputs: readonly mpc.Secret[]) => unknown

interface Outcome {
  readonly code: string
  readonly messages: number
}

/** Runs a program at three nodes on inputs with these bounds, and counts what was sent. */
async function play(program: Program, inputs: readonly Input[], security: Security): Promise<Outcome> {
  const dealt = inputs.map(({ values, fraction = 0 }) =>
    dealLocally(
      values.map(value => scaledInteger(value, fraction)),
      3,
      1
    )
  )
  let messages = 0
  const results = await runEach(
    {
      security,
      timeoutMs: 30_000,
      intercept: ({ body }) => {
        messages++
        return body
      }
    },
    async party => {
      const secrets = inputs.map(({ magnitude, fraction = 0, columns = 1 }, i) =>
        mpc.secret(party, dealt[i]![party.index]!, { magnitude, fraction, columns })
      )
      await program(party, secrets)
    }
  )
  const codes = results.map(result => (result as { facts?: { code: string } } | undefined)?.facts?.code ?? 'none')
  expect(new Set(codes).size, `the nodes do not agree: ${codes}`).to.equal(1)
  return { code: codes[0]!, messages }
}

/** Declared bounds from what everything can carry to what nothing can. */
const MAGNITUDES = [12, 28, 38, 46, 52, 57, 62, 74, 90, 110, 117, 118, 119, 120, 140, 160, 162, 163]
const OWN_SHAPES = ['numbers/foreign.foreignSecret', 'numbers/load.loadSecrets']

describe('mpc/plan', function () {
  this.timeout(240_000)

  it('rehearses once for operands of one kind, and again for operands, options and owners of another', async () => {
    const dealt = dealLocally([9n, 16n], 3, 1)
    const codes: string[] = []
    await runEach({ security: 'passive', timeoutMs: 30_000 }, async party => {
      const code = (work: Promise<unknown>): Promise<string> =>
        work.then(
          () => 'done',
          (error: unknown) => (error as mpc.MpcError).facts.code
        )
      const shares = dealt[party.index]!
      const of = (magnitude: number): mpc.Secret => mpc.secret(party, shares, { magnitude })
      const seen = async (work: Promise<unknown>): Promise<string> =>
        `${await code(work)} ${party.session.rehearsed.size}`
      const found = [
        await seen(mpc.sqrt(party, of(8))),
        await seen(mpc.sqrt(party, mpc.secret(party, shares.slice(), { magnitude: 8 }))),
        await seen(mpc.sqrt(party, of(9))),
        await seen(mpc.sqrt(party, of(8), { fraction: 20 })),
        await seen(mpc.sqrt(party, of(150))),
        await seen(mpc.sqrt(party, { ...of(8), unchecked: true }))
      ]
      if (party.index === 0) codes.push(...found)
    })
    expect(codes).to.deep.equal(['done 1', 'done 1', 'done 2', 'done 3', 'MPC_RANGE 3', 'MPC_UNCHECKED 3'])
  })

  for (const operation of operations.filter(({ name }) => !OWN_SHAPES.includes(name))) {
    it(`refuses what ${operation.name} cannot carry before anything is sent`, async () => {
      const inputs = operation.inputs(seeded(7), operation.shapes.at(-1)!)
      let refused = 0
      for (const security of ['passive', 'active'] as const) {
        // proofs take time: in active mode only bounds near the first that is refused
        const tried =
          security === 'passive' ? MAGNITUDES : MAGNITUDES.slice(Math.max(0, MAGNITUDES.length - refused - 1))
        for (const magnitude of tried) {
          const { code, messages } = await play(
            operation.run,
            inputs.map(input => ({ ...input, magnitude })),
            security
          )
          if (code === 'none') continue
          expect({ code, messages }, `${security}, |x| <= 2^${magnitude}`).to.deep.equal({
            code: 'MPC_RANGE',
            messages: 0
          })
          if (security === 'passive') refused++
        }
      }
      expect(refused).to.be.above(0)
    })
  }

  const column = (count: number, magnitude: number, fraction = 0): Input => ({
    values: Array.from({ length: count }, (_, i) => i),
    magnitude,
    fraction
  })
  const design: Input = { ...column(12, 24), columns: 2, values: Array.from({ length: 12 }, (_, i) => (i * i) % 7) }
  const asked: readonly (readonly [
    string,
    (party: mpc.Party, inputs: readonly mpc.Secret[], wish: number) => unknown,
    readonly Input[]
  ])[] = [
    [
      'fraction bits of simpleRegression',
      (party, [x, y], fraction) => mpc.simpleRegression(party, x!, y!, { fraction }),
      [column(6, 10), column(6, 10)]
    ],
    [
      'slopes of simpleRegression',
      (party, [x, y], slopeMagnitude) => mpc.simpleRegression(party, x!, y!, { slopeMagnitude }),
      [column(6, 10), column(6, 10)]
    ],
    [
      'fraction bits of a quantile',
      (party, [x], fraction) => mpc.quantile(party, x!, 0.3, { fraction }),
      [column(6, 10)]
    ],
    [
      'sizes of a quotient',
      (party, [x, y], quotientMagnitude) => mpc.divide(party, x!, y!, { quotientMagnitude }),
      [column(6, 20), column(6, 20)]
    ],
    [
      'fraction bits of a reciprocal',
      (party, [x], fraction) => mpc.reciprocal(party, x!, { fraction }),
      [column(6, 20)]
    ],
    ['fraction bits of a mean', (party, [x], fraction) => mpc.mean(party, x!, { fraction }), [column(6, 20)]],
    ['fraction bits of a variance', (party, [x], fraction) => mpc.variance(party, x!, { fraction }), [column(6, 30)]],
    ['fraction bits of a deviation', (party, [x], fraction) => mpc.std(party, x!, { fraction }), [column(6, 20)]],
    [
      'fraction bits of a correlation',
      (party, [x, y], fraction) => mpc.correlation(party, x!, y!, fraction),
      [column(6, 10), column(6, 10)]
    ],
    [
      'fraction bits of multipleRegression',
      (party, [a, b], fraction) => mpc.multipleRegression(party, a!, b!, { fraction }),
      [design, column(6, 24)]
    ],
    [
      'fraction bits of least squares',
      (party, [a, b], fraction) => mpc.leastSquares(party, a!, b!, { fraction }),
      [design, column(6, 24)]
    ],
    [
      'condition numbers of least squares',
      (party, [a, b], conditionBits) => mpc.leastSquares(party, a!, b!, { conditionBits }),
      [design, column(6, 24)]
    ],
    [
      'fraction bits of an inverse',
      (party, [a], fraction) => mpc.inverse(party, a!, { fraction }),
      [{ ...column(4, 8), columns: 2 }]
    ],
    [
      'condition numbers of an inverse',
      (party, [a], conditionBits) => mpc.inverse(party, a!, { conditionBits }),
      [{ ...column(4, 8), columns: 2 }]
    ],
    ['fraction bits of a square root', (party, [x], fraction) => mpc.sqrt(party, x!, { fraction }), [column(3, 20)]],
    [
      'fraction bits of an inverse root',
      (party, [x], fraction) => mpc.inverseSqrt(party, x!, { fraction }),
      [column(3, 20)]
    ],
    [
      'fraction bits of the last of several products',
      (party, [x, y], fraction) =>
        mulMany(party, [
          [x!, x!],
          [y!, { ...y!, fraction, bits: 10 + fraction }]
        ]),
      [column(3, 20, 10), column(3, 10, 10)]
    ],
    [
      'bounds of shares that are loaded',
      (party, [x], magnitude) => mpc.loadSecrets(party, [{ shares: x!.shares, shape: { magnitude } }]),
      [column(3, 20)]
    ],
    [
      'bounds of an input of another owner',
      (party, [x], magnitude) => mpc.foreignSecret(party, x!.shares, { magnitude }),
      [column(1, 2)]
    ]
  ]
  for (const [title, program, inputs] of asked) {
    it(`refuses ${title} that do not fit before anything is sent`, async () => {
      let refused = 0
      for (const wish of [30, 60, 90, 110, 120, 130, 145, 155, 162, 170, 220]) {
        const { code, messages } = await play((party, x) => program(party, x, wish), inputs, 'passive')
        if (code === 'none') continue
        const wanted = { code: 'MPC_RANGE', messages: 0 }
        expect({ code, messages }, `${wish} (passive)`).to.deep.equal(wanted)
        expect(await play((party, x) => program(party, x, wish), inputs, 'active'), `${wish} (active)`).to.deep.equal(
          wanted
        )
        refused++
      }
      expect(refused).to.be.above(0)
    })
  }

  it('refuses a whole program that is rehearsed first', async () => {
    const program: Program = async (party, [x]) => {
      const steps = async (at: mpc.Party): Promise<void> => {
        const { value } = await mpc.sqrt(at, x!)
        await mpc.mul(at, mpc.scaleInteger(at, value, 2n ** 155n), value)
      }
      await mpc.rehearse(party, steps)
      await steps(party)
    }
    expect(await play(program, [column(3, 20)], 'active')).to.deep.equal({ code: 'MPC_RANGE', messages: 0 })
  })

  it('derives in a rehearsal the bounds and shapes that a run derives', async () => {
    for (const operation of operations) {
      const shape = operation.shapes.at(-1)!
      const inputs = operation.inputs(seeded(3), shape)
      const facts = (results: readonly mpc.Secret[]): unknown =>
        results.map(({ shares, ...known }) => ({ ...known, words: shares.length }))
      await play(
        async (party, secrets) => {
          let rehearsed: unknown
          await mpc.rehearse(party, async at => {
            rehearsed = facts(await operation.run(at, secrets))
          })
          expect(rehearsed, operation.name).to.deep.equal(facts(await operation.run(party, secrets)))
        },
        inputs,
        'passive'
      )
    }
  })

  it('sends nothing in a rehearsal, also of what cannot be rehearsed', async () => {
    const program: Program = party => mpc.rehearse(party, at => mpc.refresh(at, at.field.zeros(2)))
    expect(await play(program, [column(2, 5)], 'active')).to.deep.equal({ code: 'MPC_PARAMETERS', messages: 0 })
  })
})
