import { expect } from 'chai'
import { randomInt } from 'node:crypto'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { Depths } from '../../harness/depth.ts'
import { DEFAULT_PRIME, FAST_PRIME, Field } from '../../src/field/field.ts'
import { isNegativeBetween } from '../../src/bits/compare-few.ts'
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

  for (const prime of [DEFAULT_PRIME, FAST_PRIME]) {
    const field = Field.of(prime)
    for (const bits of [1, 2, 3, 7, 31, 64, 80]) {
      it(`a few at a time, ${field.bits}-bit prime: ${bits} bits, edges and random values`, async () => {
        const top = 2n ** BigInt(bits) - 1n
        for (let run = 0; run < 12; run++) {
          const values = [0n, 1n, -1n, top, -top, randomSigned(bits), randomSigned(bits), randomSigned(bits)]
          const some = values.slice(0, 1 + randomInt(8))
          const d = dealLocally(some, 3, 1, prime)
          const { results } = await runParties({ prime }, async party =>
            field.toBigints(await openTrusting(party, await isNegativeBetween(party, d[party.index]!, bits)))
          )
          expect(results).to.deep.equal(Array(3).fill(some.map(v => (v < 0n ? 1n : 0n))))
        }
      })
    }
  }

  it('shows the opener of a few comparisons the same, whatever is compared: a zero half of the time, anywhere', async () => {
    const [bits, count, runs] = [7, 8, 100]
    const field = Field.of(DEFAULT_PRIME)
    for (const value of [-128n + 1n, -1n, 0n, 1n, 127n]) {
      const d = dealLocally(Array<bigint>(count).fill(value), 3, 1)
      const at = Array<number>(bits + 1).fill(0)
      const elements: bigint[] = []
      for (let run = 0; run < runs; run++) {
        const heard: Uint8Array[] = []
        await runParties(
          {
            intercept: ({ to, body }) => {
              if (to === 2 && body.length === (bits + 1) * count * field.bytes) heard.push(body.slice())
              return body
            }
          },
          party => isNegativeBetween(party, d[party.index]!, bits)
        )
        expect(heard).to.have.length(2)
        const [one, other] = heard.map(body => field.fromBytes(body))
        field.toBigints(field.add(one!, other!)).forEach((e, i) => {
          if (e === 0n) at[Math.floor(i / count)]!++
          else elements.push(e)
        })
      }
      const zeros = at.reduce((sum, times) => sum + times, 0)
      const expected = (runs * count) / 2
      // six standard deviations
      expect(Math.abs(zeros - expected), `${value}`).to.be.below(6 * Math.sqrt(expected / 2))
      for (const times of at) expect(Math.abs(times - expected / 8)).to.be.below(6 * Math.sqrt(expected / 8))
      const high = elements.filter(e => e > field.p / 2n).length
      expect(Math.abs(high - elements.length / 2)).to.be.below(6 * Math.sqrt(elements.length / 4))
    }
  }).timeout(30_000)

  it('ends with a coded error at every node when a message of a few comparisons is lost', async () => {
    for (let lost = 0; lost < 7; lost++) {
      let seen = 0
      const d = dealLocally([-3n], 3, 1)
      const { results } = await runParties(
        { timeoutMs: 200, intercept: ({ body }) => (seen++ === lost ? null : body) },
        party =>
          isNegativeBetween(party, d[party.index]!, 63).then(
            () => 'done',
            (error: { code: string }) => error.code
          )
      )
      expect(
        results.some(code => code === 'MPC_TIMEOUT'),
        `message ${lost}`
      ).to.equal(true)
      expect(results.every(code => code === 'MPC_TIMEOUT' || code === 'done')).to.equal(true)
    }
  })

  it('takes five messages in a row for a few', async () => {
    const d = dealLocally([-3n], 3, 1)
    const depths = new Depths()
    const { traffic } = await runParties({ wrap: depths.wrap }, party => isNegativeBetween(party, d[party.index]!, 63))
    expect(depths.rounds).to.equal(5)
    expect(traffic.map(({ bytes }) => bytes / 24)).to.deep.equal([66, 65, 65])
  })

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
