import { expect } from 'chai'
import { attack, countMessages, seeded, TAMPERINGS, type Target } from '../../harness/attack.ts'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field } from '../../src/field/field.ts'
import * as mpc from '../../src/index.ts'
import { isNegative } from '../../src/protocols/compare.ts'
import { modInverse } from '../../src/field/prime.ts'
import { mul } from '../../src/protocols/multiply.ts'
import { elements, evaluator } from '../../src/protocols/product.ts'
import { reshare } from '../../src/protocols/reshare.ts'
import { isInRange } from '../../src/protocols/range.ts'
import { release } from '../../src/protocols/release.ts'
import { verifyProducts } from '../../src/protocols/verify.ts'
import type { Party } from '../../src/session/party.ts'

const A = [3n, -5n, 7n, 0n]
const B = [-2n, 6n, 7n, 1n]
const deals = new Map([3, 4].map(n => [n, [dealLocally(A, n, 1), dealLocally(B, n, 1)] as const]))

const operands = (party: Party, fraction = 0): [mpc.Secret, mpc.Secret] => {
  const [x, y] = deals.get(party.n)!
  return [x, y].map(rows => mpc.secret(party, rows[party.index]!, { magnitude: 4 - fraction, fraction })) as [
    mpc.Secret,
    mpc.Secret
  ]
}
const target =
  (run: (party: Party) => Promise<mpc.Secret>): Target =>
  async party =>
    release(party, (await run(party)).shares)

/** Programs and the results that are right; rounding may leave several. */
const PROGRAMS: Record<string, { program: Target; right: (values: readonly bigint[]) => boolean }> = {
  mul: {
    program: target(party => mpc.mul(party, ...operands(party))),
    right: values => String(values) === String(A.map((a, i) => a * B[i]!))
  },
  matmul: {
    program: target(party => {
      const [x, y] = operands(party)
      return mpc.matmul(party, mpc.reshape(x, 2, 2), mpc.reshape(y, 2, 2))
    }),
    right: values => String(values) === '-41,13,-14,42'
  },
  'less-than': {
    program: target(party => mpc.lt(party, ...operands(party))),
    right: values => String(values) === '0,1,0,1'
  },
  equal: {
    program: target(party => mpc.eq(party, ...operands(party))),
    right: values => String(values) === '0,0,1,0'
  },
  'fixed-point product': {
    program: target(party => mpc.mul(party, ...operands(party, 2))),
    right: values => values.every((v, i) => Math.abs(Number(v) - Number(A[i]! * B[i]!) / 4) < 2.5)
  },
  'range check': {
    program: async party => release(party, await isInRange(party, operands(party)[0].shares, 5n)),
    right: values => String(values) === '1,0,0,1'
  },
  max: {
    program: target(party => mpc.max(party, operands(party)[0])),
    right: values => String(values) === '7'
  },
  mean: {
    program: target(party => mpc.mean(party, operands(party)[0], { fraction: 4 })),
    right: values => Math.abs(Number(values[0]) - 20) < 2.5
  }
}

const RUNS = Number(process.env.MPC_TAMPERINGS ?? 500)
const SEED = Number(process.env.MPC_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe('mpc/attack', function () {
  this.timeout(20_000 + RUNS * 400)

  it(`gives no wrong answer under ${RUNS} random tamperings (MPC_SEED=${SEED})`, async () => {
    const random = seeded(SEED)
    const names = Object.keys(PROGRAMS)
    const totals = new Map<string, number[]>()
    const seen = { aborted: 0, right: 0, named: 0 }
    for (let i = 0; i < RUNS; i++) {
      const name = names[Math.floor(random() * names.length)]!
      const n = random() < 0.6 ? 3 : 4
      const culprit = Math.floor(random() * n)
      const kind = random() < 0.05 ? 'drop' : TAMPERINGS.filter(k => k !== 'drop')[Math.floor(random() * 5)]!
      const { program, right } = PROGRAMS[name]!
      const key = `${name}/${n}`
      if (!totals.has(key)) totals.set(key, await countMessages(n, 1, program))
      const outcome = await attack(
        program,
        { n, t: 1, culprit, kind, place: random(), random, timeoutMs: kind === 'drop' ? 150 : 20_000 },
        totals.get(key)![culprit]!
      )
      const about = `run ${i}: ${kind} by ${culprit} of ${n} in ${name}`
      if (outcome.values) {
        expect(right(outcome.values), `${about} gave ${outcome.values}`).to.equal(true)
        seen.right++
      } else {
        expect(
          outcome.codes.every(code => code === 'none' || code.startsWith('MPC_')),
          `${about}: ${outcome.codes}`
        ).to.equal(true)
        expect(
          outcome.codes.some(code => code !== 'none'),
          about
        ).to.equal(true)
        seen.aborted++
      }
      for (const named of outcome.named) expect(named, about).to.equal(culprit)
      seen.named += outcome.named.length
    }
    expect(seen.aborted).to.be.above(RUNS / 4)
    expect(seen.named).to.be.above(0)
  })

  /** A product to which `culprit` adds `delta` at one place while keeping all it sends consistent. */
  const cheat = async (party: Party, x: mpc.Vec, culprit: number, delta: bigint, place: number): Promise<mpc.Vec> => {
    if (party.index !== culprit) return mul(party, x, x)
    const { field } = party
    const product = elements(field, x, x)
    const op = party.operation('product')
    const shift = field.zeros(product.count)
    shift.set(field.constant(delta * modInverse(party.session.productWeights[culprit]!, field.p)), place * field.limbs)
    const honest = evaluator(field, product)
    const result = await reshare(op, product.count, (from, to) =>
      field.add(honest(from, to), field.slice(shift, from, to))
    )
    op.ledger.add({ product, result })
    return result
  }

  it('aborts before the opening when a corrupt node adds 2^112 to a product that a comparison uses', async () => {
    const x = dealLocally([5n], 3, 1)
    const size = 3 * Field.of(DEFAULT_PRIME).bytes
    for (const culprit of [0, 1, 2]) {
      const play = async (delta: bigint): Promise<{ sent: string[]; code: string }> => {
        const sent: string[] = []
        const code = await runParties(
          {
            security: 'active',
            session: `barrier ${culprit}`,
            timeoutMs: 15_000,
            intercept: ({ from, operation, step, body }) => {
              if (from !== culprit) sent.push(`${from}/${operation}/${step}/${body.length}`)
              return body
            }
          },
          async party => isNegative(party, await cheat(party, x[party.index]!, culprit, delta, 0), 63)
        ).then(
          () => 'none',
          (e: { code: string }) => e.code
        )
        return { sent, code }
      }
      const [honest, struck] = [await play(0n), await play(2n ** 112n)]
      expect([honest.code, struck.code]).to.deep.equal(['none', 'MPC_PRODUCT_CHECK'])
      // The check ends with both honest parties opening three elements to two others each; nothing may follow it
      const closing = (name: string): boolean => name.endsWith(`/${size}`)
      expect(struck.sent.filter(closing)).to.have.length(4)
      expect(struck.sent.slice(-4).every(closing)).to.equal(true)
      expect(honest.sent.length).to.be.above(struck.sent.length)
      expect(honest.sent.slice(0, struck.sent.length).sort()).to.deep.equal(struck.sent.sort())
    }
  })

  it('catches one wrong product among many, wherever it is', async () => {
    const values = Array.from({ length: 3000 }, (_, i) => BigInt(i))
    for (const n of [3, 4]) {
      const x = dealLocally(values, n, 1)
      for (const place of [0, 1, 1499, 2999]) {
        const code = await runParties({ n, security: 'active', timeoutMs: 15_000 }, async party => {
          if (n === 3) await cheat(party, x[party.index]!, 1, 1n, place)
          else {
            // the same product claimed with a result that is off by a consistent sharing of 1
            const { field } = party
            const result = await mul(party, x[party.index]!, x[party.index]!)
            party.ledger.take()
            const off = field.zeros(3000)
            off.set(field.constant(1n), place * field.limbs)
            party.ledger.add({
              product: elements(field, x[party.index]!, x[party.index]!),
              result: field.add(result, off)
            })
          }
          await verifyProducts(party)
        }).then(
          () => 'none',
          (e: { code: string }) => e.code
        )
        expect(code, `n=${n}, place ${place}`).to.equal('MPC_PRODUCT_CHECK')
      }
    }
  })

  it('tosses no coin while a message is outstanding: its sender could fit it to the coin', async () => {
    const x = dealLocally([5n, 6n], 3, 1)
    const { bytes } = Field.of(DEFAULT_PRIME)
    for (const culprit of [0, 1, 2]) {
      let withheld = false
      const coins: number[] = []
      const failure = await runParties(
        {
          security: 'active',
          timeoutMs: 300,
          intercept: ({ from, body }) => {
            if (from === culprit && body.length === 2 * bytes && !withheld) return ((withheld = true), null)
            if (from !== culprit && body.length === bytes) coins.push(from)
            return body
          }
        },
        async party => {
          await mul(party, x[party.index]!, x[party.index]!)
          await verifyProducts(party)
        }
      ).catch((e: { code: string }) => e.code)
      expect(withheld).to.equal(true)
      expect(failure).to.equal('MPC_TIMEOUT')
      expect(coins).to.deep.equal([])
    }
  })

  it('prints how likely a wrong product is to pass', () => {
    expect(mpc.soundnessBits(2 ** 24, 164)).to.be.below(-130)
    expect(mpc.soundnessBits(2 ** 24, 61)).to.be.within(-37, -34)
  })

  it('refuses to prove products over a modulus that is too small for it', async () => {
    const prime = 2n ** 61n - 1n
    const x = dealLocally([5n], 3, 1, prime)
    const code = await runParties({ prime, security: 'active', timeoutMs: 15_000 }, async party => {
      await mul(party, x[party.index]!, x[party.index]!)
      await verifyProducts(party)
    }).then(
      () => 'none',
      (e: { code: string }) => e.code
    )
    expect(code).to.equal('MPC_PARAMETERS')
  })

  it('refuses two operations at once on one branch in active mode, where their order would not be fixed', async () => {
    const x = dealLocally([5n], 3, 1)
    const code = await runParties({ security: 'active', timeoutMs: 15_000 }, party =>
      Promise.all([mul(party, x[party.index]!, x[party.index]!), mul(party, x[party.index]!, x[party.index]!)])
    ).then(
      () => 'none',
      (e: { facts: { what: string } }) => e.facts.what
    )
    expect(code).to.equal('concurrency')
  })
})
