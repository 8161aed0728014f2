import { expect } from 'chai'
import { combine } from '../../src/client.ts'
import { LEGAL } from '../../harness/settings.ts'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { refresh } from '../../src/maintenance/refresh.ts'
import { Shamir } from '../../src/sharing/shamir.ts'

const field = Field.of(DEFAULT_PRIME)
const VALUES = [0n, 1n, 42n, DEFAULT_PRIME - 7n, 2n ** 100n]

describe('mpc/refresh', () => {
  for (const [n, t, security] of LEGAL.flatMap(([n, t]) => [[n, t, 'passive'] as const, [n, t, 'active'] as const])) {
    it(`keeps the values under new shares that do not go with the old ones (n=${n}, t=${t}, ${security})`, async () => {
      const old = dealLocally(VALUES, n, t)
      const { results } = await runParties({ n, t, security }, party => refresh(party, old[party.index]!))
      const rows = results.map((shares, index) => ({ index, shares }))
      const { values, wrong } = combine(rows, { prime: DEFAULT_PRIME, n, t })
      expect([field.toBigints(values), wrong]).to.deep.equal([VALUES, []])
      const shamir = new Shamir(field, n, t)
      const differences = results.map((shares, index) => ({ index, shares: field.sub(shares, old[index]!) }))
      // what was added is a sharing of zero of full degree: t of its shares, and so t new shares, follow from no t old ones
      expect(shamir.consistent(differences, t)).to.equal(true)
      expect(field.toBigints(shamir.interpolate(differences.slice(0, t + 1)))).to.deep.equal(VALUES.map(() => 0n))
      if (t > 0)
        for (let i = 0; i < VALUES.length; i++) {
          const single = differences.map(({ index, shares }) => ({ index, shares: field.slice(shares, i, i + 1) }))
          expect(shamir.consistent(single, t - 1)).to.equal(false)
        }
      // any choice of some old and some new shares, t + 1 in all, misses every value
      for (let mask = 1; mask < 2 ** (t + 1) - 1; mask++) {
        const mixed = Array.from({ length: t + 1 }, (_, i) => ({
          index: (i + mask) % n,
          shares: (mask >> i) & 1 ? results[(i + mask) % n]! : old[(i + mask) % n]!
        }))
        const found = field.toBigints(shamir.interpolate(mixed))
        for (const [i, value] of VALUES.entries()) expect(found[i]).to.not.equal(value)
      }
    })
  }

  it('costs what it says', async () => {
    const old = dealLocally(VALUES, 3, 1)
    for (const [security, rounds, more] of [
      ['passive', 1, 0],
      ['active', 3, 2 * (64 + 2 * field.bytes)]
    ] as const) {
      const { traffic } = await runParties({ security }, party => refresh(party, old[party.index]!))
      expect(Math.max(...traffic.map(each => each.rounds))).to.equal(rounds)
      expect(Math.max(...traffic.map(each => each.bytes))).to.equal((VALUES.length + 1) * field.bytes + more)
    }
  })

  it('is stopped when a dealer would change values or deal what is no sharing', async () => {
    const old = dealLocally(VALUES, 3, 1)
    for (const dealer of [0, 1]) {
      const size = (VALUES.length + 1) * field.bytes
      const failure = await runParties(
        {
          security: 'active',
          intercept: ({ from, body }) => {
            if (from !== dealer || body.length !== size) return body
            const changed: Vec = field.fromBytes(body.slice())
            changed.set(field.add(field.slice(changed, 2, 3), field.constant(1n)), 2 * field.limbs)
            return field.toBytes(changed)
          }
        },
        party => refresh(party, old[party.index]!)
      ).catch((e: { code: string }) => e.code)
      expect(failure).to.equal('MPC_OPENING')
    }
  })
})
