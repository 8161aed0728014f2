import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { column, reveal } from '../../harness/open-numbers.ts'
import { DEFAULT_PRIME, Field } from '../../src/field/field.ts'
import * as mpc from '../../src/index.ts'
import { parallel } from '../../src/protocols/masked.ts'
import type { Party } from '../../src/session/party.ts'

const COUNT = 4000
const ULP = 2 ** -16

describe('mpc/rounding', function () {
  this.timeout(60_000)

  // The residue below the last place is the same for all elements, so a bias would show as a mean error other than 0
  const cases: Record<string, (party: Party, x: mpc.Secret) => Promise<mpc.Secret>> = {
    mul: (party, x) => mpc.mul(party, x, mpc.publicValue(party, [0.3], 16)),
    withFraction: async (party, x) => {
      const fine = await mpc.withFraction(party, { ...x, fraction: 21 }, 16)
      return { ...fine, fraction: 11 }
    },
    scaleReal: (party, x) => mpc.scaleReal(party, x, 0.3),
    // 200 sums of 20 products each, one rounding for each sum
    dot: async (party, x) => {
      const factor = mpc.publicValue(party, Array<number>(20).fill(0.3), 16)
      const sums = await parallel<mpc.Secret[]>(
        party,
        Array.from(
          { length: 200 },
          (_, i) => branch => mpc.dot(branch, mpc.range(branch, x, 20 * i, 20 * i + 20), factor)
        )
      )
      return mpc.stack(party, sums)
    },
    matmul: (party, x) =>
      mpc.matmul(party, mpc.reshape(x, COUNT / 4, 4), mpc.publicValue(party, Array<number>(4).fill(0.3), 16)),
    mean: async (party, x) => {
      // many means of three elements: 1/3 is never exact
      const means = await parallel<mpc.Secret[]>(
        party,
        Array.from({ length: 200 }, (_, i) => branch => mpc.mean(branch, mpc.range(branch, x, 3 * i, 3 * i + 3)))
      )
      return mpc.stack(party, means)
    }
  }
  for (const [n, t, security] of [
    [3, 1, 'passive'],
    [3, 1, 'active'],
    [4, 1, 'passive'],
    [4, 1, 'active'],
    [5, 2, 'passive'],
    [5, 2, 'active']
  ] as const) {
    it(`has no bias that ${COUNT} roundings would show (n=${n}, t=${t}, ${security})`, async () => {
      const value = 7 + 5 * ULP
      const a = column(Array<number>(COUNT).fill(value), { n, t, prime: DEFAULT_PRIME, fraction: 16, magnitude: 8 })
      for (const [name, operation] of Object.entries(cases)) {
        const { results } = await runParties({ n, t, security, timeoutMs: 60_000 }, async party =>
          reveal(party, await operation(party, a.at(party)))
        )
        const third = Math.round(0.3 / ULP) * ULP
        const factors: Record<string, number> = { mul: third, dot: 20 * third, matmul: 4 * third, scaleReal: 0.3 }
        const exact = value * (factors[name] ?? 1)
        const errors = results[0]!.map(found => (found - exact) / (name === 'withFraction' ? 2 ** -11 : ULP))
        const mean = errors.reduce((s, e) => s + e, 0) / errors.length
        const deviation = Math.sqrt(errors.reduce((s, e) => s + (e - mean) ** 2, 0) / errors.length)
        // five standard errors: one false alarm in 1.7 million
        expect(Math.abs(mean), `${name}: mean error ${mean}, deviation ${deviation}`).to.be.below(
          (5 * Math.max(deviation, 0.01)) / Math.sqrt(errors.length) + (n === 4 ? 2 ** -6 : 1e-4)
        )
        expect(Math.max(...errors.map(Math.abs)), name).to.be.below((n === 3 ? 2 : n === 4 ? 2.5 : 5.5) + 0.01)
      }
    })
  }

  it('computes whole numbers exactly, against BigInt, over the whole range they are declared for', async () => {
    const field = Field.of(DEFAULT_PRIME)
    const wide = (bits: number): bigint => {
      const raw = BigInt(`0x${randomBytes(16).toString('hex')}`) & ((1n << BigInt(bits)) - 1n)
      return randomBytes(1)[0]! < 128 ? raw : -raw
    }
    for (const [n, t, security] of [
      [3, 1, 'passive'],
      [3, 1, 'active'],
      [4, 1, 'active'],
      [5, 2, 'passive']
    ] as const) {
      const edge = 2n ** 60n
      const x = [edge, -edge, 0n, 1n, -1n, ...Array.from({ length: 40 }, () => wide(60))]
      const y = [
        edge,
        edge,
        -edge,
        0n,
        -edge,
        ...Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? x[5 + i]! : wide(60)))
      ]
      const [xs, ys] = [dealLocally(x, n, t), dealLocally(y, n, t)]
      const { results } = await runParties({ n, t, security, timeoutMs: 30_000 }, async party => {
        const [a, b] = [xs, ys].map(rows => mpc.secret(party, rows[party.index]!, { magnitude: 60 })) as [
          mpc.Secret,
          mpc.Secret
        ]
        const less = await mpc.lt(party, a, b)
        const all = [
          await mpc.mul(party, a, b),
          await mpc.dot(party, a, b),
          less,
          await mpc.eq(party, a, b),
          await mpc.select(party, less, a, b),
          await mpc.abs(party, a),
          await mpc.sign(party, a),
          await mpc.max(party, a),
          await mpc.median(party, a)
        ]
        const out: bigint[][] = []
        for (const { shares } of all) {
          const { values } = await mpc.openChecked(party, await mpc.release(party, shares))
          out.push(field.toSigned(values))
        }
        return out
      })
      const sorted = [...x].sort((p, q) => (p < q ? -1 : p > q ? 1 : 0))
      const bit = (good: boolean): bigint => (good ? 1n : 0n)
      expect(results[0], `n=${n} ${security}`).to.deep.equal([
        x.map((v, i) => v * y[i]!),
        [x.reduce((s, v, i) => s + v * y[i]!, 0n)],
        x.map((v, i) => bit(v < y[i]!)),
        x.map((v, i) => bit(v === y[i])),
        x.map((v, i) => (v < y[i]! ? v : y[i]!)),
        x.map(v => (v < 0n ? -v : v)),
        x.map(v => (v < 0n ? -1n : bit(v > 0n))),
        [sorted.at(-1)!],
        [sorted[22]!]
      ])
    }
  })
})
