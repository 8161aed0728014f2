import { expect } from 'chai'
import { randomInt } from 'node:crypto'
import { LEGAL } from '../../harness/settings.ts'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, FAST_PRIME, Field } from '../../src/field/field.ts'
import { blindForZeroTest, isNegative, isNegativeInField, isZero } from '../../src/protocols/compare.ts'
import { mul } from '../../src/protocols/multiply.ts'
import { openTrusting } from '../../src/protocols/open.ts'
import { elements } from '../../src/protocols/product.ts'
import { randomSigns } from '../../src/protocols/random-bits.ts'
import { release } from '../../src/protocols/release.ts'
import { truncate, truncateProduct, truncationError } from '../../src/protocols/truncate.ts'

const cases = [[3, 1, FAST_PRIME] as const, ...LEGAL.map(([n, t]) => [n, t, DEFAULT_PRIME] as const)]

const randomSigned = (bits: number): bigint => {
  let value = 0n
  for (let i = 0; i < bits; i += 16) value = (value << 16n) | BigInt(randomInt(65536))
  value &= 2n ** BigInt(bits) - 1n
  return randomInt(2) === 1 ? value : -value
}

describe('mpc/compare and truncate', function () {
  this.timeout(60_000)
  for (const [n, t, prime] of cases) {
    describe(`n=${n}, t=${t}, ${prime.toString(2).length} bits`, () => {
      const field = Field.of(prime)

      it('tells negative from not negative at the edges and at random', async () => {
        for (const bits of [1, 8, 63]) {
          const top = 2n ** BigInt(bits) - 1n
          const values = [
            0n,
            1n,
            -1n,
            top,
            -top,
            ...Array.from({ length: n === 3 ? 120 : 20 }, () => randomSigned(bits))
          ]
          const d = dealLocally(values, n, t, prime)
          const { results, traffic } = await runParties({ n, t, prime }, async party => {
            const negative = await isNegativeInField(party, d[party.index]!, bits)
            return { negative, zero: await isZero(party, d[party.index]!, bits) }
          })
          const opened = await runParties({ n, t, prime }, async party => {
            const { negative, zero } = results[party.index]!
            return field.toBigints(await openTrusting(party, field.concat([negative, zero])))
          })
          const expected = [...values.map(v => (v < 0n ? 1n : 0n)), ...values.map(v => (v === 0n ? 1n : 0n))]
          expect(opened.results[0]).to.deep.equal(expected)
          expect(opened.results[n - 1]).to.deep.equal(expected)
          if (t === 1) {
            const tree = Math.ceil(Math.log2(bits + 1))
            expect(Math.max(...traffic.map(({ rounds }) => rounds))).to.equal(4 + tree + 3 + tree)
          }
          if (n === 3) {
            const most = Math.max(...traffic.map(({ bytes }) => bytes))
            expect(most).to.be.at.most((6 * bits + 8) * values.length * field.bytes)
          }
        }
      })

      it('draws signs that are 1 or -1, about as often', async () => {
        const { results } = await runParties({ n, t, prime }, async party =>
          field.toSigned(await openTrusting(party, await randomSigns(party, 400)))
        )
        expect(results[0]!.every(v => v === 1n || v === -1n)).to.equal(true)
        expect(results[0]!.filter(v => v === 1n).length).to.be.within(130, 270)
      })

      it('blinds for a zero test', async () => {
        const d = dealLocally([0n, 5n, -7n, 0n], n, t, prime)
        const { results } = await runParties({ n, t, prime }, async party =>
          field.toBigints(await openTrusting(party, await blindForZeroTest(party, d[party.index]!)))
        )
        expect(results[0]!.map(v => v === 0n)).to.deep.equal([true, false, false, true])
        expect(results[0]![1]).to.not.equal(5n)
      })

      for (const security of ['passive', 'active'] as const) {
        it(`truncates without bias and within the stated error, from degree t and from local products (${security})`, async () => {
          const shift = 16
          const values = Array.from({ length: n === 3 ? 2000 : 300 }, () => randomSigned(39))
          const others = values.map(() => randomSigned(39))
          const [x, y] = [dealLocally(values, n, t, prime), dealLocally(others, n, t, prime)]
          const { results } = await runParties({ n, t, prime, security, timeoutMs: 60_000 }, async party => {
            const [a, b] = [x[party.index]!, y[party.index]!]
            const single = await truncate(party, a, shift, 39)
            const local = await truncateProduct(party, elements(field, a, b), shift, 78)
            const viaMul = await truncate(party, await mul(party, a, b), shift, 78)
            return field.toSigned(
              await openTrusting(party, await release(party, field.concat([single, local, viaMul])))
            )
          })
          const products = values.map((v, i) => v * others[i]!)
          const exact = [...values, ...products, ...products]
          // in units of 2^-16 of the last place, so that no digit of the large products is lost
          const errors = results[0]!.map((v, i) => Number(v * 2n ** BigInt(shift) - exact[i]!) / 2 ** shift)
          const bound = truncationError(setsOf(n, t))
          expect(Math.max(...errors.map(Math.abs))).to.be.below(bound)
          const mean = errors.reduce((s, e) => s + e, 0) / errors.length
          const deviation = Math.sqrt((setsOf(n, t) + 1) / 12 / errors.length)
          expect(Math.abs(mean)).to.be.below(5 * deviation)
        })
      }
    })
  }

  it('refuses what the field cannot mask', async () => {
    const d = dealLocally([1n], 3, 1)
    const found = await runParties({}, party => isNegative(party, d[party.index]!, 125)).catch(e => e)
    expect(found.facts).to.include({ code: 'MPC_RANGE', limitBits: 119 })
  })

  it('compares more than one block', async () => {
    const field = Field.of(DEFAULT_PRIME)
    const values = Array.from({ length: 5000 }, (_, i) => BigInt(i % 7) - 3n)
    const d = dealLocally(values, 3, 1)
    const { results } = await runParties({}, async party =>
      field.toBigints(await openTrusting(party, await isNegative(party, d[party.index]!, 3)))
    )
    expect(results[0]).to.deep.equal(values.map(v => (v < 0n ? 1n : 0n)))
  })
})

function setsOf(n: number, t: number): number {
  let sets = 1
  for (let i = 0; i < t; i++) sets = (sets * (n - i)) / (i + 1)
  return sets
}
