import { expect } from 'chai'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { isNegative, isZero } from '../../src/protocols/compare.ts'
import { elements } from '../../src/protocols/product.ts'
import { allWithin } from '../../src/protocols/range.ts'
import { divideByPublic, truncate, truncateProduct } from '../../src/protocols/truncate.ts'
import type { Party } from '../../src/session/party.ts'
import { Shamir } from '../../src/sharing/shamir.ts'

const COUNT = 2000
const field = Field.of(DEFAULT_PRIME)
const shamir = new Shamir(field, 3, 1)

/** What the nodes open while the program runs: all vectors of `count` elements whose three shares lie on one line. */
async function openings(
  value: bigint,
  program: (party: Party, x: Vec) => Promise<unknown>,
  count = COUNT,
  security: 'passive' | 'active' = 'passive'
): Promise<bigint[][]> {
  const x = dealLocally(Array<bigint>(count).fill(value), 3, 1)
  const messages = new Map<string, Vec[]>()
  const intercept = ({
    from,
    operation,
    step,
    body
  }: {
    from: number
    operation: string
    step: number
    body: Uint8Array
  }): Uint8Array => {
    const name = `${operation}/${step}`
    if (body.length === count * field.bytes) {
      const rows = messages.get(name) ?? []
      rows[from] = field.fromBytes(body.slice())
      messages.set(name, rows)
    }
    return body
  }
  await runParties({ intercept, security, timeoutMs: 60_000 }, party => program(party, x[party.index]!))
  const full = [...messages.values()].filter(rows => [0, 1, 2].every(i => rows[i]))
  const lines = full
    .map(rows => rows.map((shares, index) => ({ index, shares })))
    .filter(rows => shamir.consistent(rows, 1))
  return lines.map(rows => field.toBigints(shamir.interpolate(rows.slice(0, 2))))
}

/** Largest difference of two empirical distributions (Kolmogorov and Smirnov). */
function distance(a: readonly bigint[], b: readonly bigint[]): number {
  const all = [...a.map(v => [v, 1 / a.length] as const), ...b.map(v => [v, -1 / b.length] as const)].sort(
    ([x], [y]) => (x < y ? -1 : x > y ? 1 : 0)
  )
  let [sum, most] = [0, 0]
  all.forEach(([value, weight], i) => {
    sum += weight
    // equal values count together
    if (all[i + 1]?.[0] !== value) most = Math.max(most, Math.abs(sum))
  })
  return most
}

describe('mpc/masking', function () {
  this.timeout(40_000)
  // every protocol that opens something behind a bounded mask, or 0 or uniform; the inputs are as different as they may be
  const cases: Record<
    string,
    { program: (party: Party, x: Vec) => Promise<unknown>; inputs: readonly [bigint, bigint] }
  > = {
    comparison: { program: (party, x) => isNegative(party, x, 63), inputs: [-(2n ** 63n) + 1n, 2n ** 63n - 1n] },
    equality: { program: (party, x) => isZero(party, x, 63), inputs: [0n, 2n ** 63n - 1n] },
    truncation: { program: (party, x) => truncate(party, x, 16, 63), inputs: [-(2n ** 63n) + 1n, 2n ** 63n - 1n] },
    'product with truncation': {
      program: (party, x) => truncateProduct(party, elements(party.field, x, x), 16, 63),
      inputs: [0n, 2n ** 31n]
    },
    'division by a public number': {
      program: (party, x) => divideByPublic(party, { shares: x }, 12_345n, 63),
      inputs: [-(2n ** 63n) + 1n, 2n ** 63n - 1n]
    }
  }
  for (const [name, { program, inputs }] of Object.entries(cases)) {
    for (const security of ['passive', 'active'] as const) {
      it(`opens the same distribution for very different inputs of a ${name} (${security})`, async () => {
        const [low, high] = (await Promise.all(inputs.map(value => openings(value, program, COUNT, security)))) as [
          bigint[][],
          bigint[][]
        ]
        // openings of degree 2t, of which each node sends only what suffices, are not seen here: passive products
        expect(low.length).to.be.within(security === 'passive' && name.startsWith('product') ? 0 : 1, 4)
        expect(high.length).to.equal(low.length)
        // 1.95 sqrt(2 / COUNT): a chance of one in a thousand for equal distributions; the low bits are compared as well
        const bound = 2.4 * Math.sqrt(2 / COUNT)
        const part = (values: readonly bigint[], bits: bigint): bigint[] => values.map(v => v & (2n ** bits - 1n))
        for (const [line, opened] of low.entries()) {
          expect(distance(opened, high[line]!), `opening ${line}`).to.be.below(bound)
          for (const bits of [8n, 16n, 63n, 100n]) {
            expect(distance(part(opened, bits), part(high[line]!, bits)), `opening ${line}`).to.be.below(bound + 0.01)
          }
        }
      })
    }
  }

  it('opens the same distribution in a range check whatever a foreign owner sent, where a comparison would show it', async () => {
    const count = 200
    const wild = [2n ** 40n, DEFAULT_PRIME >> 1n, DEFAULT_PRIME - 2n ** 162n]
    const check = (party: Party, x: Vec): Promise<unknown> => allWithin(party, x, 24)
    const [usual, ...others] = await Promise.all([5n, ...wild].map(value => openings(value, check, count)))
    expect(usual).to.have.length(1)
    for (const found of others) {
      expect(found).to.have.length(1)
      expect(distance(usual![0]!, found[0]!)).to.be.below(2.4 * Math.sqrt(2 / count))
    }
    const naive = (party: Party, x: Vec): Promise<unknown> => isNegative(party, x, 24)
    const [honest, shown] = [await openings(5n, naive, count), await openings(DEFAULT_PRIME >> 1n, naive, count)]
    expect(distance(honest[0]!, shown[0]!)).to.be.above(0.3)
  })

  it('would notice an opening without a mask', () => {
    const [a, b] = [0, 1].map(shift => Array.from({ length: COUNT }, (_, i) => BigInt(i + shift * 500)))
    expect(distance(a!, b!)).to.be.above(0.1)
  })
})
