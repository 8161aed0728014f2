import { isNegativeBetween } from '../../src/bits/compare-few.ts'
import { signsOf } from '../../src/bits/convert.ts'
import { proveGates } from '../../src/bits/gate-proof.ts'
import { Gates, openBits, randomShared } from '../../src/bits/replicated.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { normalRoots } from '../../src/numbers/divide.ts'
import { identity, planCourse, prepareNewtonSchulz } from '../../src/numbers/newton-schulz.ts'
import { findScale, normalise } from '../../src/numbers/normalise.ts'
import { secret } from '../../src/numbers/secret.ts'
import { whoSays } from '../../src/protocols/agree.ts'
import { investigate } from '../../src/protocols/blame.ts'
import { broadcast } from '../../src/protocols/broadcast.ts'
import { reduceClaims } from '../../src/protocols/inner-product.ts'
import { openEach, repairAt } from '../../src/protocols/load.ts'
import { mul, reduceProduct } from '../../src/protocols/multiply.ts'
import { openTrustingInChunks } from '../../src/protocols/open-chunks.ts'
import { exchangeRows, openToFewest, openTrusting, tellOthers } from '../../src/protocols/open.ts'
import { elements, evaluator } from '../../src/protocols/product.ts'
import { dealFrom, reshare, reshareInParts } from '../../src/protocols/reshare.ts'
import { verifyProducts } from '../../src/protocols/verify.ts'
import type { Party } from '../../src/session/party.ts'
import { is, released, share, simple, X, Y, type Protocol } from './protocol.ts'

const PRODUCTS = [-6n, -30n, 49n, 0n]
const three: Protocol['fits'] = ({ n }) => n === 3
const canBlame: Protocol['fits'] = ({ n, t }) => n >= 3 * t + 1
const flag = ({ field }: Party, yes: boolean): Vec => field.constant(yes ? 1n : 0n)
const product = (party: Party): ReturnType<typeof elements> => elements(party.field, share(party, X), share(party, Y))
const part = (party: Party): ReturnType<typeof evaluator> => evaluator(party.field, product(party))
/** Four numbers in (1/4, 1), with forty fraction bits. */
const QUARTERS = [0.3, 0.5, 0.75, 0.999].map(v => Math.round(v * 2 ** 40))
const within = (values: readonly bigint[], wanted: readonly number[], fraction: number, error: number): boolean =>
  values.length === wanted.length &&
  values.every((v, i) => Math.abs(Number(v) / 2 ** fraction - wanted[i]!) <= error * Math.max(1, wanted[i]!))
/** A positive matrix with norm below 1, row by row, and its inverse. */
const MATRIX = [0.5, 0.125, 0.125, 0.75]
const INVERSE = [0.75, -0.125, -0.125, 0.5].map(v => v / (0.375 - 0.015625))

/**
 * What protocols are made of. Those that stand against an attack on their own are attacked; the others (`inside`) are counted and
 * judged only: their callers are attacked.
 */
export const parts: readonly Protocol[] = [
  simple(
    'verify.verifyProducts',
    async party => {
      const result = await mul(party, share(party, X), share(party, Y))
      await verifyProducts(party)
      return result
    },
    is(...PRODUCTS),
    { size: '4 products and their proof' }
  ),
  {
    ...simple(
      'agree.whoSays',
      async party =>
        party.field.constant((await whoSays(party, party.index === 1)).reduce((sum, i) => sum + 2n ** BigInt(i), 0n)),
      // one bit may be another where a corrupt party speaks for itself
      ([found], { n, t }) =>
        Array.from({ length: n }, (_, i) => Number((found! >> BigInt(i)) & 1n) ^ (i === 1 ? 1 : 0)).filter(Boolean)
          .length <= t,
      { size: '1 bit' }
    ),
    fits: canBlame
  },
  {
    ...simple(
      'broadcast.broadcast',
      async party => {
        const said = await broadcast(party, Uint8Array.of(party.index, 7))
        return party.field.from(said.flatMap(bytes => [BigInt(bytes[0]!), BigInt(bytes[1]!)]))
      },
      // all but the corrupt ones said this
      (values, { n, t }) =>
        Array.from({ length: n }, (_, i) => i).filter(i => values[2 * i] !== BigInt(i) || values[2 * i + 1] !== 7n)
          .length <= t,
      { size: '2 bytes of each' }
    ),
    fits: canBlame,
    blames: false
  },
  {
    ...simple(
      'load.openEach',
      async party => party.field.concat((await openEach(party, share(party, X))).map(found => found!.value)),
      is(...X)
    ),
    inside: true
  },
  {
    ...simple('load.repairAt', party => repairAt(party, share(party, X), [1]), is(...X)),
    fits: canBlame,
    inside: true
  },
  {
    ...simple(
      'blame.investigate',
      async party => {
        await mul(party, share(party, X), share(party, Y))
        const claims = party.ledger.take()
        const found = await investigate(party, claims, [], [0, 1, 2, 3])
        // party 1 and one to whom it sent something else than it dealt
        return flag(party, found.includes(1))
      },
      is(1n),
      { size: '4 products of which one dealing was changed' }
    ),
    fits: canBlame,
    modes: ['active'],
    inside: true,
    tamper: () => {
      let changed = false
      return ({ from, body }) => {
        if (from !== 1 || changed) return body
        changed = true
        const { bytes } = Field.of(DEFAULT_PRIME)
        return Uint8Array.from(body, (byte, at) => (at % bytes === 0 ? byte ^ 1 : byte))
      }
    }
  },
  {
    ...simple(
      'inner-product.reduceClaims',
      async party => {
        await mul(party, share(party, X), share(party, Y))
        const { x, y, z } = await reduceClaims(party, party.ledger.take())
        const [a, b, c] = party.field.toBigints(await openTrusting(party, party.field.concat([x, y, z])))
        return flag(party, (a! * b!) % party.field.p === c)
      },
      is(1n),
      { size: '4 products' }
    ),
    modes: ['active'],
    inside: true
  },
  {
    ...simple(
      'open.exchangeRows',
      async party => party.session.shamir.interpolate(await exchangeRows(party, share(party, X))),
      is(...X)
    ),
    inside: true
  },
  {
    ...simple('open.openTrusting', party => openTrusting(party, share(party, X)), is(...X)),
    modes: ['passive'],
    inside: true
  },
  ...['open.openToFewest', 'open.tellOthers'].map(name => ({
    ...simple(name, async party => tellOthers(party, await openToFewest(party, share(party, X)), X.length), is(...X), {
      size: '4 elements, opened and told to the others'
    }),
    modes: ['passive'] as const,
    inside: true
  })),
  {
    ...simple(
      'open-chunks.openTrustingInChunks',
      async party => {
        const { field, t } = party
        const x = share(party, X)
        const out = field.zeros(X.length)
        const use = (opened: Vec, from: number): void => out.set(opened, from * field.limbs)
        await openTrustingInChunks(party, X.length, t, (from, to) => field.slice(x, from, to), use)
        return out
      },
      is(...X)
    ),
    modes: ['passive'],
    inside: true
  },
  { ...simple('reshare.reshare', party => reshare(party, X.length, part(party)), is(...PRODUCTS)), inside: true },
  {
    ...simple(
      'reshare.reshareInParts',
      async party => (await reshareInParts(party, X.length, part(party))).result,
      is(...PRODUCTS)
    ),
    inside: true
  },
  {
    ...simple(
      'reshare.dealFrom',
      party => dealFrom(party, 1, X.length, 'test', (from, to) => party.field.from(X.slice(from, to))),
      is(...X)
    ),
    inside: true
  },
  {
    name: 'bits/compare-few.isNegativeBetween',
    start: released((party, k) => isNegativeBetween(party, share(party, X, k), 5)),
    right: is(0n, 1n, 0n, 0n),
    batch: 2,
    fits: three,
    modes: ['passive'],
    inside: true
  },
  {
    name: 'bits/convert.signsOf',
    size: '6 bits',
    start: released(party => signsOf(party, randomShared(party.operation('bits'), 1, 'bits'), 6)),
    right: values => values.length === 6 && values.every(v => v === 1n || v === -1n),
    fits: three
  },
  {
    name: 'bits/gate-proof.proveGates',
    size: '32 gates',
    start: released(async party => {
      const draw = party.operation('bits')
      const [x, y] = [randomShared(draw, 1, 'x'), randomShared(draw, 1, 'y')] as const
      const z = await new Gates(party).and(x, y)
      await proveGates(party, party.ledger.takeGates())
      const [a, b, c] = [await openBits(party, x), await openBits(party, y), await openBits(party, z)]
      return flag(party, (a[0]! & b[0]!) >>> 0 === c[0]! >>> 0)
    }),
    right: is(1n),
    fits: three,
    modes: ['active']
  },
  {
    name: 'bits/replicated.openBits',
    size: '32 bits',
    start: released(async party => {
      const opened = await openBits(party, randomShared(party.operation('bits'), 1, 'bits'))
      return party.field.constant(BigInt(opened[0]! >>> 0))
    }),
    // whatever the bits are, all nodes hold the same
    right: values => values.length === 1,
    fits: three
  },
  {
    name: 'numbers/normalise.normalise',
    size: 2,
    start: released(async party => {
      const x = secret(party, share(party, [5n, 1000n]), { magnitude: 10 })
      const { values, factor, width } = await normalise(party, x, 1)
      return party.field.concat([values, factor, party.field.constant(BigInt(width))])
    }),
    right: ([a, b, p, q, width]) =>
      a === 5n * p! && b === 1000n * q! && [a, b].every(v => v! >= 2n ** (width! - 1n) && v! < 2n ** width!)
  },
  {
    name: 'numbers/divide.normalRoots',
    start: released(async party => {
      const y = secret(party, share(party, QUARTERS.map(BigInt)), { magnitude: 0, fraction: 40 })
      const { root, inverse } = await normalRoots(party, y, 40)
      return party.field.concat([root.shares, inverse.shares])
    }),
    right: values => {
      const clear = QUARTERS.map(v => Math.sqrt(v / 2 ** 40))
      return within(values, [...clear, ...clear.map(v => 1 / v)], 40, 2 ** -34)
    }
  },
  {
    name: 'numbers/normalise.findScale',
    size: 2,
    start: released(async party => {
      const x = secret(party, share(party, [5n, 1000n]), { magnitude: 10 })
      const { factor, width } = await findScale(party, x, 1)
      return party.field.concat([factor, party.field.constant(BigInt(width))])
    }),
    right: ([p, q, width]) => [5n * p!, 1000n * q!].every(v => v >= 2n ** (width! - 1n) && v < 2n ** width!)
  },
  {
    name: 'numbers/newton-schulz.prepareNewtonSchulz',
    size: '2 x 2 elements',
    start: released(async party => {
      const course = planCourse(party, 'catalogue', 4, 2, 0)
      const { working } = course
      const scaled = MATRIX.map(v => BigInt(v * 2 ** 20) << BigInt(working - 20))
      const iteration = await prepareNewtonSchulz(party, course, async stage => {
        const b = await stage.enter({ rows: 2, columns: 2, whole: working, fraction: working, norm: 0 })
        return { b, x: stage.constant(identity(party, 2, working)), product: b }
      })
      const made = await reduceProduct(party, iteration.products)
      const given = elements(party.field, share(party, scaled), party.field.constant(1n))
      const { result, converged } = await iteration.play(made, given, async (_, x) => x)
      return party.field.concat([result.shares, converged.shares, party.field.constant(BigInt(result.fraction))])
    }),
    right: values =>
      values[4] === 1n && values.length === 6 && within(values.slice(0, 4), INVERSE, Number(values[5]), 2 ** -20)
  }
]
