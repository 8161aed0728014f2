import { expect } from 'chai'
import { randomInt } from 'node:crypto'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, FAST_PRIME, Field } from '../../src/field/field.ts'
import { isNegativeReplicated } from '../../src/bits/compare.ts'
import { openTrusting } from '../../src/protocols/open.ts'
import { release } from '../../src/protocols/release.ts'

const randomSigned = (bits: number): bigint => {
  let value = 0n
  for (let i = 0; i < bits + 16; i += 16) value = (value << 16n) | BigInt(randomInt(65536))
  value %= 2n ** BigInt(bits)
  return randomInt(2) === 1 ? value : -value
}

describe('mpc/bits/compare', () => {
  for (const prime of [DEFAULT_PRIME, FAST_PRIME]) {
    const field = Field.of(prime)
    for (const security of ['passive', 'active'] as const) {
      for (const bits of [1, 2, 3, 4, 5, 8, 31, 32, 33, 63, 64, 80]) {
        it(`${security}, ${field.bits}-bit prime: ${bits} bits, edges and random values`, async () => {
          const top = 2n ** BigInt(bits) - 1n
          const values = [0n, 1n, -1n, top, -top, ...Array.from({ length: 90 }, () => randomSigned(bits))]
          const d = dealLocally(values, 3, 1, prime)
          const { results } = await runParties({ prime, security }, async party => {
            const negative = await isNegativeReplicated(party, d[party.index]!, bits)
            return field.toBigints(await openTrusting(party, await release(party, negative)))
          })
          expect(results).to.deep.equal(Array(3).fill(values.map(v => (v < 0n ? 1n : 0n))))
        })
      }
    }
  }

  it('costs the rounds and bytes that its docstring names, in passive mode', async () => {
    const count = 3200
    for (const bits of [1, 2, 3, 8, 63, 64]) {
      const d = dealLocally(Array<bigint>(count).fill(-1n), 3, 1)
      const { traffic } = await runParties({}, party => isNegativeReplicated(party, d[party.index]!, bits))
      const limit = 3 * 24 + (4 * (bits + 1)) / 8 + 1
      for (const { bytes, rounds } of traffic) {
        expect(bytes / count, `${bits} bits`).to.be.below(limit)
        // the two rounds of the signs overlap with others, and are counted as if they did not
        expect(rounds, `${bits} bits`).to.be.at.most(3 + Math.ceil(Math.log2(Math.max(1, bits - 1))) + 2)
      }
    }
    expect(3 * 24 + (4 * 65) / 8).to.be.below(130)
  })
})
