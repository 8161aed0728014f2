import { expect } from 'chai'
import fc from 'fast-check'
import { seeded } from '../../harness/attack.ts'
import { LEGAL } from '../../harness/settings.ts'
import { dealLocally } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field, FAST_PRIME } from '../../src/field/field.ts'
import { decode, reconstruct } from '../../src/sharing/robust.ts'
import { pointOf, Shamir, type Row } from '../../src/sharing/shamir.ts'
import { keySets, setPolynomial } from '../../src/sharing/subsets.ts'

const field = Field.of(DEFAULT_PRIME)
/** All choices of `size` of the numbers below n. */
const choices = (n: number, size: number): number[][] =>
  Array.from({ length: 2 ** n }, (_, mask) =>
    Array.from({ length: n }, (_, i) => i).filter(i => (mask >> i) & 1)
  ).filter(({ length }) => length === size)
const rowsOf = (vectors: readonly Uint32Array<ArrayBuffer>[]): Row[] =>
  vectors.map((shares, index) => ({ index, shares }))

const SEED = Number(process.env.MPC_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe(`mpc/sharing (MPC_SEED=${SEED})`, () => {
  for (const [n, t] of LEGAL) {
    describe(`n=${n}, t=${t}`, () => {
      const shamir = new Shamir(field, n, t)
      const values = [0n, 1n, DEFAULT_PRIME - 1n, 12345n]

      it('any t + 1 rows give the secret, and all rows are consistent', () => {
        const rows = rowsOf(dealLocally(values, n, t))
        const random = seeded(SEED)
        const all = choices(n, t + 1)
        for (const chosen of all) {
          const some = chosen.map(i => rows[i]!)
          // in any order
          for (let i = t; i > 0; i--) {
            const j = Math.floor(random() * (i + 1))
            ;[some[i], some[j]] = [some[j]!, some[i]!]
          }
          expect(field.toBigints(shamir.interpolate(some)), `rows ${chosen}`).to.deep.equal(values)
        }
        expect(all.length).to.equal(choices(n, n - t - 1).length)
        expect(shamir.consistent(rows, t)).to.equal(true)
      })

      it('notices any single changed element of any row', () => {
        for (let bad = 0; bad < n; bad++) {
          const rows = rowsOf(dealLocally(values, n, t))
          rows[bad]!.shares.set(field.add(field.slice(rows[bad]!.shares, 2, 3), field.constant(1n)), 2 * field.limbs)
          expect(shamir.consistent(rows, t)).to.equal(false)
        }
      })

      it('corrects as many wrong rows as it can and refuses more', () => {
        const limit = Math.min(Math.floor((n - t - 1) / 2), n - 1 - 2 * t)
        for (let wrong = 0; wrong <= limit; wrong++) {
          const rows = rowsOf(dealLocally(values, n, t))
          const sets = choices(n, wrong)
          const culprits = sets[Math.floor(seeded(SEED + wrong)() * sets.length)]!
          for (const i of culprits)
            rows[i] = { index: i, shares: field.add(rows[i]!.shares, field.from([0n, 5n, 0n, BigInt(i)])) }
          const found = reconstruct(shamir, rows)
          expect(field.toBigints(found.values)).to.deep.equal(values)
          expect(found.wrong).to.deep.equal(culprits)
        }
        const rows = rowsOf(dealLocally(values, n, t)).map((row, i) =>
          i <= limit ? { index: i, shares: field.add(row.shares, field.constant(BigInt(7 * i * i + 3))) } : row
        )
        if (n - (limit + 1) >= t + 1)
          expect(() => reconstruct(shamir, rows))
            .to.throw()
            .with.property('code', 'MPC_UNRECOVERABLE')
      })

      it('has one key set without any given t parties, with a polynomial that vanishes outside', () => {
        const sets = keySets(n, t)
        for (const set of sets) {
          expect(set).to.have.length(n - t)
          expect(setPolynomial(set, n, 0n, DEFAULT_PRIME)).to.equal(1n)
          for (let i = 0; i < n; i++)
            expect(setPolynomial(set, n, pointOf(i), DEFAULT_PRIME) === 0n).to.equal(!set.includes(i))
        }
        expect(new Set(sets.map(String)).size).to.equal(sets.length)
      })
    })
  }

  it('decodes random words with random errors', () => {
    const p = FAST_PRIME
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 12 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.bigInt(0n, p - 1n), { minLength: 16, maxLength: 16 }),
        (n, degree, noise) => {
          fc.pre(n > degree)
          const xs = Array.from({ length: n }, (_, i) => pointOf(i))
          const right = xs.map(x => noise.slice(0, degree + 1).reduceRight((sum, c) => (sum * x + c) % p, 0n))
          const errors = Math.floor((n - degree - 1) / 2)
          const ys = right.map((y, i) => (i < errors ? (y + 1n + (noise[15]! % (p - 1n))) % p : y))
          const found = decode(xs, ys, degree, p)
          expect(found?.wrong).to.deep.equal(Array.from({ length: errors }, (_, i) => i))
          expect(found?.polynomial[0] ?? 0n).to.equal(noise[0])
        }
      ),
      { numRuns: 300 }
    )
  })

  it('refuses parameters without an honest majority', () => {
    for (const [n, t] of [
      [3, 2],
      [4, 2],
      [2, 1],
      [3, 0],
      [33, 1],
      [3.5, 1]
    ] as const) {
      expect(() => new Shamir(field, n, t), `${n},${t}`)
        .to.throw()
        .with.property('code', 'MPC_PARAMETERS')
    }
  })
})
