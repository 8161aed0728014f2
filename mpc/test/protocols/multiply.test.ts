import { expect } from 'chai'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, FAST_PRIME, Field } from '../../src/field/field.ts'
import { dot, matmul, mul } from '../../src/protocols/multiply.ts'
import { openChecked, openTrusting } from '../../src/protocols/open.ts'

const legal = [3, 4, 5, 7].flatMap(n => Array.from({ length: Math.floor((n - 1) / 2) }, (_, i) => [n, i + 1] as const))

describe('mpc/multiply and open', () => {
  for (const [n, t] of legal) {
    for (const prime of [DEFAULT_PRIME, FAST_PRIME]) {
      describe(`n=${n}, t=${t}, ${prime.toString(2).length} bits`, () => {
        const field = Field.of(prime)
        const mod = (x: bigint): bigint => ((x % prime) + prime) % prime
        const a = [0n, 1n, prime - 1n, 77n, 2n ** 100n, 5n]
        const b = [9n, prime - 1n, prime - 1n, 0n, 2n ** 120n + 1n, 6n]
        const [x, y] = [dealLocally(a, n, t, prime), dealLocally(b, n, t, prime)]

        it('gives the products at every party, in one round with the bytes it promises', async () => {
          const { results, traffic } = await runParties({ n, t, prime }, party =>
            mul(party, x[party.index]!, y[party.index]!)
          )
          const opened = await runParties({ n, t, prime }, async party => {
            const { values, wrong } = await openChecked(party, results[party.index]!)
            expect(wrong).to.deep.equal([])
            return field.toBigints(values)
          })
          expect(opened.results).to.deep.equal(Array(n).fill(a.map((v, i) => mod(v * b[i]!))))
          const most = Math.max(...traffic.map(({ bytes }) => bytes))
          expect(most).to.equal((n === 3 ? 1 : n - 1 - t) * a.length * field.bytes)
          expect(Math.max(...traffic.map(({ rounds }) => rounds))).to.equal(1)
          expect(opened.traffic.map(({ bytes }) => bytes)).to.deep.equal(
            Array(n).fill((n - 1) * a.length * field.bytes)
          )
        })

        it('sums products in one element, and multiplies matrices', async () => {
          const { results } = await runParties({ n, t, prime }, async party => {
            const [left, right] = [x[party.index]!, y[party.index]!]
            const inner = await dot(party, left, right)
            const square = await matmul(party, left, right, 2, 3, 2)
            const scaled = await mul(party, left, field.slice(right, 0, 1))
            return field.toBigints(await openTrusting(party, field.concat([inner, square, scaled])))
          })
          const entry = (i: number, j: number): bigint =>
            mod([0, 1, 2].reduce((s, l) => s + a[3 * i + l]! * b[2 * l + j]!, 0n))
          const expected = [
            mod(a.reduce((s, v, i) => s + v * b[i]!, 0n)),
            ...[0, 1].flatMap(i => [0, 1].map(j => entry(i, j))),
            ...a.map(v => mod(v * b[0]!))
          ]
          expect(results).to.deep.equal(Array(n).fill(expected))
        })
      })
    }
  }

  it('multiplies vectors of several chunks', async () => {
    const field = Field.of(DEFAULT_PRIME)
    const values = Array.from({ length: 40_000 }, (_, i) => BigInt(i) * 3n + 1n)
    const x = dealLocally(values, 3, 1)
    const { results } = await runParties({}, async party => {
      const product = await mul(party, x[party.index]!, x[party.index]!)
      return field.toBigints(await openTrusting(party, product))
    })
    expect(results[0]!.findIndex((v, i) => v !== values[i]! ** 2n)).to.equal(-1)
    expect(results[2]).to.deep.equal(results[0])
  })

  it('shares local randomness and zeros of the right degree', async () => {
    for (const [n, t] of legal) {
      const field = Field.of(DEFAULT_PRIME)
      const { results } = await runParties({ n, t }, async party => {
        const op = party.operation('test')
        const [random, zero] = [op.random(20), op.zero(20)]
        const { whole, high } = op.bounded(20, 40, 10)
        const opened = await openChecked(op, field.concat([random, whole, high]))
        const zeros = await openTrusting(op, zero, 2 * t)
        const lower = await openTrusting(op, zero, t)
        return { opened: field.toBigints(opened.values), zeros: field.toBigints(zeros), lower: field.toBigints(lower) }
      })
      const { opened, zeros, lower } = results[0]!
      expect(results.every(r => String(r.opened) === String(opened))).to.equal(true)
      expect(new Set(opened.slice(0, 20)).size).to.equal(20)
      expect(opened.slice(0, 20).some(v => v > DEFAULT_PRIME >> 2n)).to.equal(true)
      expect(zeros).to.deep.equal(Array(20).fill(0n))
      expect(lower.every(v => v !== 0n)).to.equal(true)
      const sets = BigInt(n === 7 && t === 3 ? 35 : 50)
      for (let i = 0; i < 20; i++) {
        const [whole, high] = [opened[20 + i]!, opened[40 + i]!]
        expect(whole < sets << 40n).to.equal(true)
        expect(whole - (high << 10n) >= 0n && whole - (high << 10n) < sets << 10n).to.equal(true)
      }
    }
  })

  it('detects one changed share at n=3 and corrects it at n=4, t=1, naming the sender', async () => {
    const field = Field.of(DEFAULT_PRIME)
    for (const [n, bad] of [
      [3, 1],
      [4, 2]
    ] as const) {
      const x = dealLocally([5n, 6n, 7n], n, 1)
      const run = runParties(
        {
          n,
          t: 1,
          intercept: ({ from, body }) => {
            if (from === bad)
              body.set(field.toBytes(field.add(field.slice(field.fromBytes(body), 0, 1), field.constant(1n))))
            return body
          }
        },
        async party => {
          const { values, wrong } = await openChecked(party, x[party.index]!)
          return { values: field.toBigints(values), wrong }
        }
      )
      if (n === 3) {
        expect(await run.catch((e: { code: string }) => e.code)).to.equal('MPC_OPENING')
      } else {
        const { results } = await run
        expect(results[0]).to.deep.equal({ values: [5n, 6n, 7n], wrong: [bad] })
      }
    }
  })

  it('ends a wait for a silent party with its name, and on an abort', async () => {
    const x = dealLocally([5n], 3, 1)
    const drop = { intercept: ({ from, body }: { from: number; body: Uint8Array }) => (from === 2 ? null : body) }
    const silent = await runParties({ ...drop, timeoutMs: 60 }, party => openChecked(party, x[party.index]!)).catch(
      e => e
    )
    expect(silent.facts).to.include({ code: 'MPC_TIMEOUT', from: 2 })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 20)
    const aborted = await runParties({ ...drop, signal: controller.signal }, party =>
      openChecked(party, x[party.index]!)
    ).catch(e => e)
    expect(aborted.code).to.equal('MPC_ABORTED')
  })

  it('refuses words that are no field element, and messages of another length', async () => {
    const x = dealLocally([5n], 3, 1)
    for (const change of [(body: Uint8Array) => body.fill(255), (body: Uint8Array) => body.subarray(1)]) {
      const found = await runParties(
        { intercept: ({ from, body }) => (from === 0 ? change(body) : body), timeoutMs: 500 },
        party => mul(party, x[party.index]!, x[party.index]!)
      ).catch(e => e)
      expect(found.facts).to.include({ code: 'MPC_MESSAGE', from: 0 })
    }
  })
})
