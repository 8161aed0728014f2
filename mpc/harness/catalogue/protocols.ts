import { modInverse } from '../../src/field/prime.ts'
import { DEFAULT_PRIME, type Vec } from '../../src/field/field.ts'
import { isNegativeReplicated } from '../../src/bits/compare.ts'
import { giveShares, takeShares, type HandOver } from '../../src/maintenance/hand-over.ts'
import { refresh } from '../../src/maintenance/refresh.ts'
import { fillPool, type Order } from '../../src/pool/fill.ts'
import { Pool } from '../../src/pool/pool.ts'
import { reserveStock } from '../../src/pool/reserve.ts'
import {
  blindForZeroTest,
  isAbove,
  isNegative,
  isNegativeInField,
  isZero,
  maskBits,
  multiplyAll
} from '../../src/protocols/compare.ts'
import { toss } from '../../src/protocols/coin.ts'
import { fieldInverse } from '../../src/protocols/field-inverse.ts'
import { loadShares } from '../../src/protocols/load.ts'
import { openMasked } from '../../src/protocols/masked.ts'
import { dot, matmul, mul, reduceProduct } from '../../src/protocols/multiply.ts'
import { openChecked } from '../../src/protocols/open.ts'
import { elements, sumOf } from '../../src/protocols/product.ts'
import { randomSigns } from '../../src/protocols/random-bits.ts'
import { allWithin, isInRange } from '../../src/protocols/range.ts'
import { release } from '../../src/protocols/release.ts'
import { divideByPublic, truncate, truncateProduct } from '../../src/protocols/truncate.ts'
import { agreeOnKeys } from '../../src/session/keys.ts'
import type { Channel } from '../../src/session/channel.ts'
import { Party } from '../../src/session/party.ts'
import { certifiedNetwork, freshRequest, certifiedBy } from '../certified.ts'
import { dealLocally } from '../local-parties.ts'
import { precisionOf } from './play.ts'

export interface Setting {
  readonly n: number
  readonly t: number
}

/** A program at one party; its result is released and judged by whoever puts it together. */
export type Target = (party: Party) => Promise<Vec>

/** One protocol with a result that can be judged: for tests of attacks and of costs. */
export interface Protocol {
  /** Module and export, and perhaps what is special. */
  readonly name: string
  /** Called once a run: what the parties share (a validator), and what each runs. */
  readonly start: (setting: Setting) => Target
  readonly right: (values: readonly bigint[], setting: Setting) => boolean
  /** A failed check at n >= 3t + 1 names somebody. */
  readonly blames?: boolean
}

const X = [3n, -5n, 7n, 0n]
const Y = [-2n, 6n, 7n, 1n]
const deals = new Map<string, Vec[]>()
/** This party's shares of fixed values, dealt once for each setting. */
const share = (party: Party, values: readonly bigint[]): Vec => {
  const name = `${party.n}/${party.t}/${party.field.p}/${values}`
  if (!deals.has(name)) deals.set(name, dealLocally(values, party.n, party.t, party.field.p))
  return deals.get(name)![party.index]!
}
const is =
  (...wanted: readonly bigint[]) =>
  (values: readonly bigint[]): boolean =>
    String(values) === String(wanted)
const near =
  (...wanted: readonly number[]) =>
  (values: readonly bigint[], { n, t }: Setting): boolean => {
    const { truncation } = precisionOf(n, t)
    return values.length === wanted.length && values.every((v, i) => Math.abs(Number(v) - wanted[i]!) <= truncation)
  }
const released =
  (run: Target): ((setting: Setting) => Target) =>
  () =>
  async party =>
    release(party, await run(party))
const simple = (name: string, run: Target, right: Protocol['right']): Protocol => ({
  name: `protocols/${name}`,
  start: released(run),
  right,
  blames: true
})

/** A second session over the same links. */
const again = (
  party: Party,
  session: string,
  change: { channel?: Channel; keys?: Party['session']['keys'] } = {}
): Party => {
  const { field, n, t, channel, keys, timeoutMs, signal, security, onDispute } = party.session
  return Party.create({
    ...{ field, n, t, channel, keys, timeoutMs, security, session: `${session}/${party.id}`, ...change },
    ...(signal ? { signal } : {}),
    ...(onDispute ? { onDispute } : {})
  })
}

const inverseOf = (a: readonly bigint[], p: bigint): bigint[] => {
  const [m, n, q, r] = a as [bigint, bigint, bigint, bigint]
  const determinant = modInverse((((m * r - n * q) % p) + p) % p, p)
  return [r, -n, -q, m].map(v => (((v * determinant) % p) + p) % p)
}

export const protocols: readonly Protocol[] = [
  simple('multiply.mul', party => mul(party, share(party, X), share(party, Y)), is(-6n, -30n, 49n, 0n)),
  simple('multiply.dot', party => dot(party, share(party, X), share(party, Y)), is(13n)),
  simple(
    'multiply.matmul',
    party => matmul(party, share(party, X), share(party, Y), 2, 2, 2),
    is(-41n, 13n, -14n, 42n)
  ),
  simple(
    'multiply.reduceProduct',
    party => {
      const { field } = party
      const [x, y] = [share(party, X), share(party, Y)]
      return reduceProduct(
        party,
        sumOf([
          [2n, elements(field, x, y)],
          [-1n, elements(field, y, y)]
        ])
      )
    },
    is(-16n, -96n, 49n, -1n)
  ),
  simple('release.release', async party => share(party, X), is(...X)),
  simple(
    'load.loadShares',
    async party => {
      const { vectors } = await loadShares(party, [share(party, X), share(party, Y)])
      return mul(party, vectors[0]!, vectors[1]!)
    },
    is(-6n, -30n, 49n, 0n)
  ),
  simple('open.openChecked', async party => (await openChecked(party, share(party, X))).values, is(...X)),
  simple(
    'masked.openMasked',
    async party => openMasked(party, await mul(party, share(party, X), share(party, Y))),
    is(-6n, -30n, 49n, 0n)
  ),
  // whatever the coin is, all nodes hold the same
  simple(
    'coin.toss',
    async party => party.field.constant(await toss(party)),
    values => values.length === 1
  ),
  simple(
    'random-bits.randomSigns',
    party => randomSigns(party, 6),
    values => values.length === 6 && values.every(v => v === 1n || v === -1n)
  ),
  simple(
    'compare.isAbove',
    async party => {
      // whether a number of shared random bits exceeds a public one, beside the number: consistent with each other
      const width = 5
      const signs = await randomSigns(party, width + 1)
      const { low, up, down } = maskBits(party, signs, width, 1)
      const sign = party.field.slice(signs, width, width + 1)
      const c = party.field.toRaw(party.field.constant(12n))
      const above = await isAbove(party, { up, down }, sign, c, width)
      return party.field.concat([above, low])
    },
    ([above, number]) => (number! > 12n ? 1n : 0n) === above
  ),
  simple('compare.isNegative', party => isNegative(party, share(party, X), 5), is(0n, 1n, 0n, 0n)),
  simple('compare.isNegativeInField', party => isNegativeInField(party, share(party, X), 5), is(0n, 1n, 0n, 0n)),
  {
    name: 'bits/compare.isNegativeReplicated',
    start: released(party => (party.n === 3 ? isNegativeReplicated : isNegative)(party, share(party, X), 5)),
    right: is(0n, 1n, 0n, 0n),
    blames: true
  },
  simple('compare.isZero', party => isZero(party, share(party, X), 5), is(0n, 0n, 0n, 1n)),
  simple(
    'compare.blindForZeroTest',
    party => blindForZeroTest(party, share(party, X)),
    values => values.every((v, i) => (v === 0n) === (X[i] === 0n))
  ),
  simple('compare.multiplyAll', party => multiplyAll(party, party.field.split(share(party, [3n, -5n, 7n]))), is(-105n)),
  simple('truncate.truncate', party => truncate(party, share(party, [1000n, -77n]), 4, 12), near(62.5, -77 / 16)),
  simple(
    'truncate.truncateProduct',
    party => truncateProduct(party, elements(party.field, share(party, X), share(party, Y)), 2, 8),
    near(-1.5, -7.5, 12.25, 0)
  ),
  simple(
    'truncate.divideByPublic',
    party => divideByPublic(party, { shares: share(party, [1000n, -77n]) }, 7n, 12),
    near(1000 / 7, -11)
  ),
  simple('range.isInRange', party => isInRange(party, share(party, X), 5n), is(1n, 0n, 0n, 1n)),
  simple(
    'range.allWithin',
    async party => party.field.constant((await allWithin(party, share(party, X), 3)) ? 1n : 0n),
    is(1n)
  ),
  simple(
    'field-inverse.fieldInverse',
    async party => {
      const a = share(party, [3n, 1n, 2n, 5n])
      return fieldInverse(party, a, 2)
    },
    values => {
      const wanted = inverseOf([3n, 1n, 2n, 5n], DEFAULT_PRIME)
      return values.every((v, i) => (v - wanted[i]!) % DEFAULT_PRIME === 0n)
    }
  ),
  {
    name: 'pool/reserve.reserveStock',
    start: released(async party => {
      const pool = new Pool()
      const orders: Order[] = [
        { kind: 'comparison', count: 4, bits: 5 },
        { kind: 'truncation', count: 4, shift: 1 }
      ]
      for (const [number, order] of orders.entries()) await fillPool(party, pool, order, number)
      await reserveStock(party, pool, orders)
      const negative = await isNegative(party, share(party, X), 5)
      return party.field.concat([negative, await truncate(party, share(party, X), 1, 5)])
    }),
    right: (values, setting) =>
      is(0n, 1n, 0n, 0n)(values.slice(0, 4)) && near(1.5, -2.5, 3.5, 0)(values.slice(4), setting)
  },
  { name: 'maintenance/refresh.refresh', start: released(party => refresh(party, share(party, X))), right: is(...X) },
  {
    name: 'maintenance/hand-over.giveShares and takeShares',
    start: () => async party => {
      const all = Array.from({ length: party.n }, (_, i) => i)
      const plan: HandOver = { link: party.session.channel, name: `move ${party.id}`, from: all, to: all }
      const [, taken] = await Promise.all([
        giveShares(party, share(party, X), plan, party.t),
        takeShares(again(party, 'new'), X.length, plan, party.t)
      ])
      return taken.shares
    },
    right: is(...X)
  },
  {
    name: 'certificate/certified-release.certifiedRelease',
    start: setting => {
      const certified = certifiedBy(certifiedNetwork(setting.n, setting.t), freshRequest())
      return async party => {
        const { channel, release: certify } = certified.at(party)
        const recorded = again(party, 'certified', { channel })
        return certify(recorded, await mul(recorded, share(party, X), share(party, Y)))
      }
    },
    right: is(-6n, -30n, 49n, 0n),
    blames: true
  },
  {
    name: 'session/keys.agreeOnKeys',
    start: () => async party => {
      const { channel, timeoutMs, signal } = party.session
      const keys = await agreeOnKeys(channel, party.t, party.id, { timeoutMs, signal })
      const fresh = again(party, 'fresh keys', { keys })
      return release(fresh, await mul(fresh, share(party, X), share(party, Y)))
    },
    right: is(-6n, -30n, 49n, 0n)
  }
]
