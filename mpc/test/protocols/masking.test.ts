import { expect } from 'chai'
import { timesFirst } from '../../harness/catalogue/veiled.ts'
import { runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { rowWords } from '../../src/bits/rows.ts'
import { isNegative, isNegativeInField, isZero } from '../../src/protocols/compare.ts'
import { elements } from '../../src/protocols/product.ts'
import { allWithin } from '../../src/protocols/range.ts'
import { divideByPublic, truncate, truncateProduct } from '../../src/protocols/truncate.ts'
import type { Party } from '../../src/session/party.ts'
import type { Intercept } from '../../src/session/memory-channel.ts'
import { Shamir } from '../../src/sharing/shamir.ts'

const COUNT = 2000
const FEWER = 800
const field = Field.of(DEFAULT_PRIME)

interface Setting {
  readonly n: number
  readonly t: number
  readonly security: 'passive' | 'active'
}
type Program = (party: Party, x: Vec) => Promise<unknown>

/** All messages of one name: what each party sent to each other. */
type Exchange = Map<number, Map<number, Uint8Array>>

async function record(
  value: bigint,
  program: Program,
  count: number,
  { n, t, security }: Setting
): Promise<Exchange[]> {
  // a sharing whose polynomials are constant: what hides anything has to come from the protocol, not from the dealing
  const x = field.fill(field.from([value]), count)
  const exchanges = new Map<string, Exchange>()
  const intercept: Intercept = ({ from, to, operation, step, body }) => {
    const name = `${operation}/${step}`
    const exchange = exchanges.get(name) ?? new Map<number, Map<number, Uint8Array>>()
    exchanges.set(name, exchange)
    exchange.set(from, (exchange.get(from) ?? new Map<number, Uint8Array>()).set(to, body.slice()))
    return body
  }
  await runParties({ n, t, intercept, security, timeoutMs: 120_000 }, party => program(party, x))
  return [...exchanges.values()]
}

/** What each party told others, if all told all of their others the same: an opening. */
function rowsOf(exchange: Exchange, n: number, bytes: number): { rows: Uint8Array[]; heardBy: number } | null {
  const told = Array.from({ length: n }, (_, i) => [...(exchange.get(i)?.values() ?? [])])
  const heardBy = told[0]!.length
  const same = told.every(
    bodies =>
      bodies.length === heardBy &&
      heardBy > 0 &&
      bodies.every(body => body.length === bytes && Buffer.compare(body, bodies[0]!) === 0)
  )
  return same ? { rows: told.map(bodies => bodies[0]!), heardBy } : null
}

/** The same for an opening to the first t + 1 parties alone, from as many or from 2t + 1: passive mode, veiled values. */
function rowsOfFew(exchange: Exchange, t: number, bytes: number): { rows: Uint8Array[]; heardBy: number } | null {
  const tellers = [...exchange.keys()].sort((a, b) => a - b)
  if (tellers.some((teller, i) => teller !== i) || ![t + 1, 2 * t + 1].includes(tellers.length)) return null
  const right = tellers.every(teller => {
    const told = exchange.get(teller)!
    const readers = Array.from({ length: t + 1 }, (_, i) => i).filter(i => i !== teller)
    const bodies = [...told.values()]
    return (
      String([...told.keys()].sort((a, b) => a - b)) === String(readers) &&
      bodies.every(body => body.length === bytes && Buffer.compare(body, bodies[0]!) === 0)
    )
  })
  if (!right) return null
  return { rows: tellers.map(teller => [...exchange.get(teller)!.values()][0]!), heardBy: tellers.length - 1 }
}

/**
 * What nodes see of the openings while the program runs: for each the opened values, and each row by itself. Rows that lie on no
 * polynomial of degree t were opened at degree 2t, or as parts of a sum: then both are given. Such rows are products of shares, so
 * each must be uniform modulo p by a shared zero.
 */
async function openings(
  value: bigint,
  program: Program,
  count = COUNT,
  setting: Setting = { n: 3, t: 1, security: 'passive' }
): Promise<{ seen: bigint[][]; uniform: bigint[][]; openings: number }> {
  const { n, t } = setting
  const shamir = new Shamir(field, n, t)
  const seen: bigint[][] = []
  const uniform: bigint[][] = []
  let found = 0
  for (const exchange of await record(value, program, count, setting)) {
    const bytes = count * field.bytes
    const opened = rowsOf(exchange, n, bytes) ?? rowsOfFew(exchange, t, bytes)
    if (!opened) continue
    const rows = opened.rows.map((body, index) => ({ index, shares: field.fromBytes(body) }))
    const values: Vec[] = []
    if (shamir.consistent(rows, t)) values.push(shamir.interpolate(rows.slice(0, t + 1)))
    else if (opened.heardBy >= 2 * t && shamir.consistent(rows, 2 * t)) {
      values.push(shamir.interpolate(rows.slice(0, 2 * t + 1)))
      values.push(rows.map(({ shares }) => shares).reduce((sum, part) => field.add(sum, part)))
      uniform.push(...rows.map(({ shares }) => field.toBigints(shares)))
    } else continue
    found++
    seen.push(...[...values, ...rows.map(({ shares }) => shares)].map(vector => field.toBigints(vector)))
  }
  return { seen, uniform, openings: found }
}

/** The bits that a comparison among three nodes opens under a random one. */
async function topBits(value: bigint, bits: number, security: 'passive' | 'active'): Promise<number> {
  const bytes = 4 * rowWords(COUNT)
  const program: Program = (party, x) => isNegative(party, x, bits)
  const words = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.slice().buffer)
  const found = (await record(value, program, COUNT, { n: 3, t: 1, security })).flatMap(exchange => {
    const all = [0, 1, 2].map(from => [(from + 1) % 3, (from + 2) % 3].map(to => exchange.get(from)?.get(to)))
    if (!all.flat().every(body => body?.length === bytes)) return []
    // passive: three parts of a sum, each told to both others. Active: each party tells both components that it has
    const parts = security === 'passive' ? all.map(([body]) => body!) : all.map(([, toPrevious]) => toPrevious!)
    return [parts.map(words).reduce((sum, part) => sum.map((word, i) => word ^ part[i]!))]
  })
  expect(found).to.have.length(1)
  let ones = 0
  for (let k = 0; k < COUNT; k++) ones += (found[0]![k >> 5]! >>> (k & 31)) & 1
  return ones
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

/** A chance of 3 in 10^9 for equal distributions, in each of some two thousand comparisons. */
const boundFor = (count: number): number => 3.2 * Math.sqrt(2 / count)

/** Whether nodes could tell two inputs apart by what they see; lower bits are compared as well. */
function compareSeen(low: readonly bigint[][], high: readonly bigint[][], count: number): void {
  expect(high.length).to.equal(low.length)
  const part = (values: readonly bigint[], bits: bigint): bigint[] => values.map(v => v & (2n ** bits - 1n))
  for (const [line, values] of low.entries()) {
    const others = high[line]!
    expect(distance(values, others), `line ${line}`).to.be.below(boundFor(count))
    for (const bits of [1n, 8n, 16n, 63n, 100n, 119n]) {
      expect(distance(part(values, bits), part(others, bits)), `line ${line}, ${bits} bits`).to.be.below(
        boundFor(count)
      )
    }
    // the product that is 0 or uniform: 0 half of the time, within five standard deviations
    const zeros = values.filter(v => v === 0n).length
    if (zeros > 0) {
      expect(Math.abs(zeros / count - 0.5), `zeros of line ${line}`).to.be.below(2.5 / Math.sqrt(count))
      const others0 = others.filter(v => v === 0n).length
      expect(Math.abs(others0 / count - 0.5), `zeros of line ${line}`).to.be.below(2.5 / Math.sqrt(count))
    }
  }
}

describe('mpc/masking', function () {
  this.timeout(120_000)
  const MODES = ['passive', 'active'] as const
  const THREE: readonly Setting[] = MODES.map(security => ({ n: 3, t: 1, security }))
  const MORE: readonly Setting[] = [
    ...MODES.map(security => ({ n: 4, t: 1, security })),
    { n: 5, t: 2, security: 'passive' as const }
  ]
  const ends = (bits: number): [bigint, bigint] => [-(2n ** BigInt(bits)) + 1n, 2n ** BigInt(bits) - 1n]
  // every protocol that opens something behind a bounded mask, or 0 or uniform; the inputs are as different as they may be.
  // `openings`: how many of passive and of active mode are of as many elements as the input
  const cases: readonly {
    name: string
    program: Program
    inputs: readonly [bigint, bigint]
    settings: readonly Setting[]
    openings: readonly [passive: number, active: number]
  }[] = [
    {
      name: 'comparison on replicated bits',
      program: (party, x) => isNegative(party, x, 63),
      inputs: ends(63),
      settings: THREE,
      openings: [1, 1]
    },
    {
      name: 'comparison at the limit of the modulus',
      program: (party, x) => isNegative(party, x, 119),
      inputs: ends(119),
      settings: THREE,
      openings: [1, 1]
    },
    {
      name: 'comparison on field elements',
      program: (party, x) => isNegativeInField(party, x, 24),
      inputs: ends(24),
      settings: [...THREE, ...MORE],
      openings: [2, 2]
    },
    {
      name: 'comparison on field elements at the limit of the modulus',
      program: (party, x) => isNegativeInField(party, x, 119),
      inputs: ends(119),
      settings: THREE.slice(0, 1),
      openings: [2, 2]
    },
    {
      name: 'equality',
      program: (party, x) => isZero(party, x, 24),
      inputs: [0n, 2n ** 24n - 1n],
      settings: [...THREE, ...MORE],
      openings: [1, 1]
    },
    {
      name: 'truncation',
      program: (party, x) => truncate(party, x, 16, 63),
      inputs: ends(63),
      settings: [...THREE, ...MORE],
      openings: [1, 1]
    },
    {
      name: 'truncation at the limit of the modulus',
      program: (party, x) => truncate(party, x, 60, 119),
      inputs: ends(119),
      settings: THREE,
      openings: [1, 1]
    },
    {
      name: 'product with truncation',
      program: (party, x) => truncateProduct(party, elements(party.field, x, x), 16, 63),
      inputs: [0n, 2n ** 31n],
      settings: [...THREE, ...MORE],
      openings: [1, 1]
    },
    {
      name: 'product with truncation at the limit of the modulus',
      program: (party, x) => truncateProduct(party, elements(party.field, x, x), 60, 118),
      inputs: [0n, 2n ** 59n],
      settings: THREE,
      openings: [1, 1]
    },
    {
      name: 'values behind veils',
      program: (party, x) => timesFirst(party, x, 31),
      inputs: [0n, 2n ** 31n],
      settings: [...THREE, ...MORE],
      openings: [2, 2]
    },
    {
      name: 'values behind veils at the limit of the modulus',
      program: (party, x) => timesFirst(party, x, 51),
      inputs: [0n, 2n ** 51n],
      settings: THREE,
      openings: [2, 2]
    },
    {
      name: 'division by a public number',
      program: (party, x) => divideByPublic(party, { shares: x }, 12_345n, 63),
      inputs: ends(63),
      settings: [...THREE, ...MORE],
      openings: [1, 1]
    },
    {
      name: 'division of a product by a public number',
      program: (party, x) => divideByPublic(party, elements(party.field, x, x), 12_345n, 63),
      inputs: [0n, 2n ** 31n],
      settings: [...THREE, ...MORE],
      openings: [1, 1]
    }
  ]
  for (const { name, program, inputs, settings, openings: wanted } of cases) {
    for (const setting of settings) {
      const { n, t, security } = setting
      it(`opens the same distribution for very different inputs of the protocol "${name}" (n=${n}, t=${t}, ${security})`, async () => {
        const count = n === 3 ? COUNT : FEWER
        const [low, high] = await Promise.all(inputs.map(value => openings(value, program, count, setting)))
        expect([low!.openings, high!.openings]).to.deep.equal(Array(2).fill(wanted[security === 'passive' ? 0 : 1]))
        expect(low!.seen.length).to.be.above(n)
        compareSeen(low!.seen, high!.seen, count)
        const even = Array.from({ length: count }, (_, i) => ((2n * BigInt(i) + 1n) * field.p) / BigInt(2 * count))
        for (const row of [...low!.uniform, ...high!.uniform]) expect(distance(row, even)).to.be.below(boundFor(count))
        if (name.includes('product') && security === 'passive') expect(low!.uniform).to.have.length(n)
      })
    }
  }

  for (const security of MODES) {
    it(`opens the highest bit of a comparison among three nodes under a uniform one (${security})`, async () => {
      for (const value of ends(63)) {
        expect(Math.abs((await topBits(value, 63, security)) / COUNT - 0.5)).to.be.below(2.5 / Math.sqrt(COUNT))
      }
    })
  }

  it('opens the same distribution in a range check whatever a foreign owner sent, where a comparison would show it', async () => {
    const count = 200
    const wild = [2n ** 40n, DEFAULT_PRIME >> 1n, DEFAULT_PRIME - 2n ** 162n]
    const check = (party: Party, x: Vec): Promise<unknown> => allWithin(party, x, 24)
    const [usual, ...others] = await Promise.all([5n, ...wild].map(value => openings(value, check, count)))
    expect(usual!.openings).to.equal(1)
    for (const found of others) {
      expect(found.openings).to.equal(1)
      compareSeen(usual!.seen, found.seen, count)
    }
    const naive = (party: Party, x: Vec): Promise<unknown> => isNegative(party, x, 24)
    const [honest, shown] = [await openings(5n, naive, count), await openings(DEFAULT_PRIME >> 1n, naive, count)]
    expect(distance(honest.seen[0]!, shown.seen[0]!)).to.be.above(0.3)
  })

  it('would notice an opening without a mask', () => {
    const [a, b] = [0, 1].map(shift => Array.from({ length: COUNT }, (_, i) => BigInt(i + shift * 500)))
    expect(distance(a!, b!)).to.be.above(0.1)
  })
})
