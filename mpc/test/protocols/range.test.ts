import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, FAST_PRIME, Field } from '../../src/field/field.ts'
import { foreignSecret, lt, publicValue } from '../../src/numbers/index.ts'
import { openChecked, openTrusting } from '../../src/protocols/open.ts'
import { isInRange } from '../../src/protocols/range.ts'
import { release } from '../../src/protocols/release.ts'

/** Just above a power of two: half of all candidates for masks are refused. */
const AWKWARD = 2n ** 164n + 2n ** 80n + 13n
const random = (p: bigint): bigint => BigInt(`0x${randomBytes(40).toString('hex')}`) % p

describe('mpc/range', function () {
  this.timeout(40_000)
  for (const [n, t, prime, security] of [
    [3, 1, DEFAULT_PRIME, 'passive'],
    [3, 1, DEFAULT_PRIME, 'active'],
    [3, 1, FAST_PRIME, 'passive'],
    [4, 1, DEFAULT_PRIME, 'active'],
    [5, 2, DEFAULT_PRIME, 'passive']
  ] as const) {
    it(`tells what is in range of any field elements (n=${n}, ${prime.toString(2).length} bits, ${security})`, async () => {
      for (const limit of [0n, 5n, 2n ** 41n]) {
        const edges = [0n, 1n, limit, limit + 1n, prime - 1n, prime - limit - 1n, prime >> 1n, limit >> 1n]
        const values = [...edges, ...Array.from({ length: 4 }, () => random(prime))].map(v => v % prime)
        const y = dealLocally(values, n, t, prime)
        const { results } = await runParties({ n, t, prime, security }, async party => {
          const flags = await release(party, await isInRange(party, y[party.index]!, limit))
          return party.field.toBigints((await openChecked(party, flags)).values)
        })
        expect(results[n - 1], `limit ${limit}`).to.deep.equal(values.map(v => (v <= limit ? 1n : 0n)))
      }
    })
  }

  it('costs what it says', async () => {
    const y = dealLocally(Array<bigint>(1000).fill(5n), 3, 1)
    const { traffic } = await runParties({}, party => isInRange(party, y[party.index]!, 10n))
    const field = Field.of(DEFAULT_PRIME)
    for (const { rounds, bytes } of traffic) {
      expect(rounds).to.be.below(35)
      expect(bytes / (field.bytes * field.bits * 1000)).to.be.below(5.5)
    }
  })

  it('draws masks below a modulus that refuses half of the candidates', async () => {
    let prime = AWKWARD
    while (!isField(prime)) prime += 2n
    const values = [0n, 9n, 10n, 11n, prime - 1n, ...Array.from({ length: 20 }, () => random(prime))]
    const y = dealLocally(values, 3, 1, prime)
    const { results } = await runParties({ prime }, async party =>
      party.field.toBigints(await openTrusting(party, await isInRange(party, y[party.index]!, 10n)))
    )
    expect(results[0]).to.deep.equal(values.map(v => (v <= 10n ? 1n : 0n)))
  })

  it('draws again, under masks of its own, when too few candidates were kept', async () => {
    let prime = AWKWARD
    while (!isField(prime)) prime += 2n
    const y = dealLocally([3n], 3, 1, prime)
    // one element draws four candidates, of which half are kept: 1 in 16 has to draw again
    const { results } = await runParties({ prime }, async party => {
      const found: bigint[] = []
      for (let i = 0; i < 48; i++) {
        const flags = await isInRange(party, y[party.index]!, 10n)
        found.push(...party.field.toBigints(await openTrusting(party, flags)))
      }
      return found
    })
    expect(results[0]).to.deep.equal(Array(48).fill(1n))
  })

  const bound = 2n ** 24n // 2^8 with 16 fraction bits
  const check = (values: readonly bigint[]): Promise<string> => {
    const rows = dealLocally(values, 3, 1)
    return runParties({ security: 'active' }, async party => {
      const x = await foreignSecret(party, rows[party.index]!, { magnitude: 8, fraction: 16 })
      await release(party, (await lt(party, x, publicValue(party, [0], 16))).shares)
      return 'used'
    }).then(
      ({ results }) => results[0]!,
      (e: { code: string }) => e.code
    )
  }

  it('lets an input in range be used, and refuses one element too many at all nodes', async () => {
    expect(await check([0n, bound, -bound, 77n])).to.equal('used')
    for (const bad of [bound + 1n, -bound - 1n, DEFAULT_PRIME >> 1n, 2n ** 112n, -(2n ** 150n)])
      expect(await check([0n, bad, 5n]), String(bad)).to.equal('MPC_RANGE')
  })
})

function isField(p: bigint): boolean {
  try {
    Field.of(p)
    return true
  } catch {
    return false
  }
}
