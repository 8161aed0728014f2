import { expect } from 'chai'
import { operations } from '../../harness/catalogue/index.ts'
import { seeded } from '../../harness/attack.ts'
import { dealLocally, runEach, runParties } from '../../harness/local-parties.ts'
import { combine, deal, encode, expand } from '../../src/client.ts'
import { DEFAULT_PRIME, Field } from '../../src/field/field.ts'
import * as mpc from '../../src/index.ts'
import { scaledInteger } from '../../src/numbers/scaled-integer.ts'

const field = Field.of(DEFAULT_PRIME)
const sharing = { prime: DEFAULT_PRIME, n: 3, t: 1 }

/** What needs no bound: exact and local. */
const LINEAR = ['add', 'sub', 'neg', 'publicValue', 'scaleInteger', 'sum'].map(name => `numbers/arithmetic.${name}`)
/** Takes shares and checks them, or takes a node's own. */
const ENTRANCES = ['numbers/foreign.foreignSecret', 'numbers/load.loadSecrets']

describe('mpc/numbers: inputs that nobody has checked', function () {
  this.timeout(60_000)

  for (const operation of operations.filter(({ name }) => !ENTRANCES.includes(name))) {
    const linear = LINEAR.includes(operation.name)
    it(`${linear ? 'may go through' : 'are refused by'} ${operation.name}`, async () => {
      const inputs = operation.inputs(seeded(11), operation.shapes.at(-1)!)
      const dealt = inputs.map(({ values, fraction = 0 }) =>
        dealLocally(
          values.map(value => scaledInteger(value, fraction)),
          3,
          1
        )
      )
      // each operand alone is enough
      for (const unchecked of inputs.keys()) {
        let messages = 0
        const intercept = ({ body }: { body: Uint8Array }): Uint8Array => {
          messages++
          return body
        }
        const results = await runEach({ security: 'active', timeoutMs: 10_000, intercept }, async party => {
          const secrets = inputs.map(({ magnitude, fraction = 0, columns = 1 }, i) => {
            const wrap = i === unchecked ? mpc.uncheckedSecret : mpc.secret
            return wrap(party, dealt[i]![party.index]!, { magnitude, fraction, columns })
          })
          return operation.run(party, secrets)
        })
        // branches are programs of the caller: one that may go on does so before another is refused
        if (!operation.name.endsWith('parallel')) expect(messages, `operand ${unchecked}`).to.equal(0)
        for (const result of results) {
          if (linear) expect((result as mpc.Secret[]).every(({ unchecked }) => unchecked)).to.equal(true)
          else expect((result as mpc.MpcError).facts?.code, `operand ${unchecked}`).to.equal('MPC_UNCHECKED')
        }
      }
    })
  }

  const packages = deal(encode(field, [3, -4, 5], 0, 4), sharing)

  it('are known by where they come from, and stay so in parts and sums', async () => {
    const results = await runEach({}, async party => {
      const x = mpc.secret(party, expand(field, packages[party.index]!), { magnitude: 4 })
      const own = mpc.secret(party, field.zeros(3), { magnitude: 4 })
      const derived = mpc.sum(party, mpc.range(party, mpc.stack(party, [mpc.add(party, x, own), own]), 0, 2))
      expect(derived.unchecked).to.equal(true)
      expect(mpc.add(party, own, own).unchecked).to.equal(undefined)
      await mpc.mul(party, mpc.reshape(derived, 1, 1), own)
    })
    for (const result of results) expect((result as mpc.MpcError).facts.code).to.equal('MPC_UNCHECKED')
  })

  it('are summed and released without a check', async () => {
    const { results } = await runParties({ security: 'active' }, async party => {
      const x = mpc.secret(party, expand(field, packages[party.index]!), { magnitude: 4 })
      return mpc.release(party, mpc.sum(party, x).shares)
    })
    const rows = results.map((shares, index) => ({ index, shares }))
    expect(field.toSigned(combine(rows, sharing).values)).to.deep.equal([4n])
  })

  it('may be used for everything once they were checked', async () => {
    const { results } = await runParties({ security: 'active', timeoutMs: 30_000 }, async party => {
      const x = await mpc.foreignSecret(party, expand(field, packages[party.index]!), { magnitude: 4 })
      expect(x.unchecked).to.equal(undefined)
      return mpc.release(party, (await mpc.max(party, x)).shares)
    })
    const rows = results.map((shares, index) => ({ index, shares }))
    expect(field.toSigned(combine(rows, sharing).values)).to.deep.equal([5n])
  })
})
