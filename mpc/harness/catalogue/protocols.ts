import { modInverse } from '../../src/field/prime.ts'
import { DEFAULT_PRIME } from '../../src/field/field.ts'
import { isNegativeOpenedReplicated, isNegativeReplicated } from '../../src/bits/compare.ts'
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
  isNegativeOpened,
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
import { elements, joined, matrix, sumOf } from '../../src/protocols/product.ts'
import { randomSigns } from '../../src/protocols/random-bits.ts'
import { allWithin, isInRange } from '../../src/protocols/range.ts'
import { release } from '../../src/protocols/release.ts'
import { divideByPublic, truncate, truncateProduct } from '../../src/protocols/truncate.ts'
import type { Party } from '../../src/session/party.ts'
import { agreeOnKeys } from '../../src/session/keys.ts'
import { certifiedNetwork, freshRequest, certifiedBy } from '../certified.ts'
import { again, is, near, released, share, simple, X, Y, type Protocol } from './protocol.ts'
import { timesFirst } from './veiled.ts'

/** Ten times the four elements: more than the few comparisons that go a way of their own. */
const BATCH = 10

const inverseOf = (a: readonly bigint[], p: bigint): bigint[] => {
  const [m, n, q, r] = a as [bigint, bigint, bigint, bigint]
  const determinant = modInverse((((m * r - n * q) % p) + p) % p, p)
  return [r, -n, -q, m].map(v => (((v * determinant) % p) + p) % p)
}

export const protocols: readonly Protocol[] = [
  simple('multiply.mul', (party, k) => mul(party, share(party, X, k), share(party, Y, k)), is(-6n, -30n, 49n, 0n), {
    batch: BATCH
  }),
  simple('multiply.dot', party => dot(party, share(party, X), share(party, Y)), is(13n), { size: '4 terms' }),
  simple(
    'multiply.matmul',
    party => matmul(party, share(party, X), share(party, Y), 2, 2, 2),
    is(-41n, 13n, -14n, 42n),
    { size: '2 x 2 elements' }
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
  simple(
    'multiply.reduceProduct of several',
    party => {
      const { field } = party
      const [x, y] = [share(party, X), share(party, Y)]
      const last = sumOf([[-1n, elements(field, y, y)]])
      return reduceProduct(party, joined([matrix(field, x, y, 2, 2, 2), elements(field, x, y), last]))
    },
    is(-41n, 13n, -14n, 42n, -6n, -30n, 49n, 0n, -4n, -36n, -49n, -1n)
  ),
  {
    ...simple('', party => timesFirst(party, share(party, X), 3), near(9, -15, 21, 0)),
    name: 'numbers/veiled.Performance'
  },
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
    values => values.length === 1,
    { size: '1 coin' }
  ),
  simple(
    'random-bits.randomSigns',
    party => randomSigns(party, 6),
    values => values.length === 6 && values.every(v => v === 1n || v === -1n),
    { size: '6 signs' }
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
    ([above, number]) => (number! > 12n ? 1n : 0n) === above,
    { size: '1 number of 5 bits' }
  ),
  simple('compare.isNegative', (party, k) => isNegative(party, share(party, X, k), 5), is(0n, 1n, 0n, 0n), {
    batch: BATCH
  }),
  simple(
    'compare.isNegativeInField',
    (party, k) => isNegativeInField(party, share(party, X, k), 5),
    is(0n, 1n, 0n, 0n),
    { batch: BATCH }
  ),
  {
    name: 'bits/compare.isNegativeReplicated',
    start: released((party, k) => isNegativeReplicated(party, share(party, X, k), 5)),
    right: is(0n, 1n, 0n, 0n),
    batch: BATCH,
    fits: ({ n }) => n === 3
  },
  simple(
    'compare.isNegativeOpened',
    async (party, k) => party.field.fromIntegers((await isNegativeOpened(party, share(party, X, k), 5)).map(Number)),
    is(0n, 1n, 0n, 0n),
    { batch: BATCH }
  ),
  {
    name: 'bits/compare.isNegativeOpenedReplicated',
    start: released(async (party, k) => {
      const values = share(party, X, k)
      const words = await isNegativeOpenedReplicated(party, values, 5)
      const count = party.field.length(values)
      return party.field.fromIntegers(Array.from({ length: count }, (_, i) => 1 - ((words[i >> 5]! >>> (i & 31)) & 1)))
    }),
    right: is(0n, 1n, 0n, 0n),
    batch: BATCH,
    fits: ({ n }) => n === 3
  },
  simple('compare.isZero', (party, k) => isZero(party, share(party, X, k), 5), is(0n, 0n, 0n, 1n), { batch: BATCH }),
  simple(
    'compare.blindForZeroTest',
    party => blindForZeroTest(party, share(party, X)),
    values => values.every((v, i) => (v === 0n) === (X[i] === 0n))
  ),
  simple(
    'compare.multiplyAll',
    party => multiplyAll(party, party.field.split(share(party, [3n, -5n, 7n]))),
    is(-105n),
    { size: '3 factors' }
  ),
  simple(
    'truncate.truncate',
    (party, k) => truncate(party, share(party, [1000n, -77n], k), 4, 12),
    near(62.5, -77 / 16),
    { size: 2, batch: BATCH }
  ),
  simple(
    'truncate.truncateProduct',
    (party, k) => truncateProduct(party, elements(party.field, share(party, X, k), share(party, Y, k)), 2, 8),
    near(-1.5, -7.5, 12.25, 0),
    { batch: BATCH }
  ),
  simple(
    'truncate.divideByPublic',
    party => divideByPublic(party, { shares: share(party, [1000n, -77n]) }, 7n, 12),
    near(1000 / 7, -11),
    { size: 2 }
  ),
  simple('range.isInRange', (party, k) => isInRange(party, share(party, X, k), 5n), is(1n, 0n, 0n, 1n), {
    batch: BATCH
  }),
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
    },
    { size: '2 x 2 elements' }
  ),
  {
    name: 'pool/fill.fillPool',
    size: 'a batch made and used for 4 comparisons',
    start: released(async party => {
      const pool = new Pool()
      const order: Order = { kind: 'comparison', count: 4, bits: 5 }
      await fillPool(party, pool, order, 0)
      await reserveStock(party, pool, [order])
      return isNegative(party, share(party, X), 5)
    }),
    right: is(0n, 1n, 0n, 0n)
  },
  {
    name: 'pool/reserve.reserveStock',
    size: 'batches made and used for 4 comparisons and 4 truncations',
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
  ...['giveShares with takeShares', 'takeShares with giveShares'].map(both => ({
    name: `maintenance/hand-over.${both}`,
    start: () => async (party: Party) => {
      const all = Array.from({ length: party.n }, (_, i) => i)
      const plan: HandOver = { link: party.session.channel, name: `move ${party.id}`, from: all, to: all }
      const [, taken] = await Promise.all([
        giveShares(party, share(party, X), plan, party.t),
        takeShares(again(party, 'new'), X.length, plan, party.t)
      ])
      return taken.shares
    },
    right: is(...X)
  })),
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
    size: 'new keys and 4 products under them',
    start: () => async party => {
      const { channel, timeoutMs, signal } = party.session
      const keys = await agreeOnKeys(channel, party.t, party.id, { timeoutMs, signal })
      const fresh = again(party, 'fresh keys', { keys })
      return release(fresh, await mul(fresh, share(party, X), share(party, Y)))
    },
    right: is(-6n, -30n, 49n, 0n)
  }
]
