import type { Field, Vec } from '../field/field.ts'
import type { Claim, Dealing } from '../session/ledger.ts'
import type { Party } from '../session/party.ts'
import { powers, toss } from './coin.ts'
import type { Form, LocalProduct } from './product.ts'
import { longDot, longMul, longPowers, SLICE } from './long-vectors.ts'
import { breathe, reshareInParts, type Reshared } from './reshare.ts'

/** Claims this short are reduced in the last step. */
const LAST = 31
/** Long claims are halved (cheapest to compute), short ones cut in so many parts that the last step follows (fewest rounds). */
function partsFor(length: number): number {
  if (length <= LAST ** 2) return Math.ceil(Math.sqrt(length))
  return length <= 8 * LAST ** 2 ? 8 : 2
}

/**
 * How many points of its domain a wrong product may choose to be right at, in one check of `products`: as many as there are
 * products, and 2K - 2 in each step, of which none is forgotten if 32 halvings are counted.
 */
export const rootsOf = (products: number): number => products + 2 * 32 + 14 + (2 * LAST - 2) + 2 * LAST

interface Inner {
  readonly x: Vec
  readonly y: Vec
  readonly z: Vec
}

interface Level {
  readonly dealt: readonly Dealing[] | null
  readonly K: number
  readonly r: bigint
}

/** One product that stands for all claims: z = x y, if all are right and else but for a small chance not. Shares of one element each. */
export interface Reduced extends Inner {
  /** Whether all of z was dealt by dealers who are known. */
  readonly isDealt: boolean
  /**
   * What the dealer at this place dealt of z, taken through all levels as z was: one element. `pick` chooses a vector of each dealing,
   * such as this party's shares. An honest dealer's part has the value of x times y, all three at the dealer's own point.
   */
  partOf(place: number, pick: (dealing: Dealing) => Vec): Vec
}

/**
 * 1. A coin rho, uniform and unknown until all products were sent, turns the claims into one: sum of rho^k (x_k y_k - z_k) = 0,
 *    an inner product of two shared vectors. A matrix product is one term per inner index: (u A)(B v) with u, v powers of rho.
 * 2. The vectors are cut into K parts, the coefficients of polynomials F and, backwards, G: so the claim is the middle coefficient of
 *    H = <F, G>. The parties share the others, open a coin r, and go on with F(r), G(r), H(r), K times shorter.
 * 3. At length 31 or less each element is a part, and a random pair one more, so that F(r), G(r), H(r) may be opened.
 *
 * - Shapes: claims of any number of products in, one element each of x, y, z out.
 * - Cost: 3 rounds among three parties, else 5, and for each step before the last 2, else 3: no such step up to 31 terms, one up to 961,
 *   two up to 7,688, and one more for each doubling; 2K - 2 elements a step.
 * - Security: active adversary, at most t parties: false claims become a true one with chance at most 2^`soundnessBits`. x, y and z are masked by a
 *   random pair.
 * @see Goyal, Song, eprint 2020/134; Boneh et al., CRYPTO 2019; docs/spec/mpc.md 4.2.
 * @cost n = 3, 4 products: active, proved 5 rounds, 640 bytes
 * @cost n = 4, 4 products: active, proved 7 rounds, 846 bytes
 */
export async function reduceClaims(op: Party, claims: readonly Claim[], challenge = 0n): Promise<Reduced> {
  const { field } = op
  const pair = op.random(2, 'pair')
  const [a, b] = [field.slice(pair, 0, 1), field.slice(pair, 1, 2)]
  const [coin, beside] = await Promise.all([toss(op), reshareInParts(op.operation('inner'), 1, () => field.dot(a, b))])
  const rho = (coin + challenge) % field.p
  const levels: Level[] = []
  let inner = await combineClaims(field, claims, rho)
  while (field.length(inner.x) > LAST) inner = await compress(op, inner, partsFor(field.length(inner.x)), levels)
  const { x, y, z } = inner
  const masked = { x: field.concat([x, a]), y: field.concat([y, b]), z: field.add(z, beside.result) }
  const closing: Level[] = []
  const last = await compress(op, masked, field.length(masked.x), closing)
  return {
    ...last,
    isDealt: beside.dealt !== null && claims.every(({ dealt }) => dealt),
    partOf(place, pick) {
      const dealtBy = (dealt: readonly Dealing[] | null | undefined): Vec => pick(dealt![place]!)
      const taken = (z: Vec, { dealt, K, r }: Level): Vec => fold(field, z, dealtBy(dealt), K, r)
      const weights = powers(field, rho, sizeOfClaims(claims))
      let z = field.zeros(1)
      let at = 0
      for (const { product, dealt } of claims) {
        z = field.add(z, field.dot(field.slice(weights, at, (at += product.count)), dealtBy(dealt)))
      }
      return taken(field.add(levels.reduce(taken, z), dealtBy(beside.dealt)), closing[0]!)
    }
  }
}

export const sizeOfClaims = (claims: readonly Claim[]): number =>
  claims.reduce((sum, { product }) => sum + product.count, 0)

async function combineClaims(field: Field, claims: readonly Claim[], rho: bigint): Promise<Inner> {
  const weights = await longPowers(field, rho, sizeOfClaims(claims))
  const parts: Operands[] = []
  let z = field.zeros(1)
  let at = 0
  for (const { product, result } of claims) {
    z = field.add(z, await longDot(field, field.slice(weights, at, at + product.count), result))
    await addOperands(field, product, weights, at, parts)
    at += product.count
  }
  if (parts.length === 1) return { ...parts[0]!, z }
  return { x: field.concat(parts.map(({ x }) => x)), y: field.concat(parts.map(({ y }) => y)), z }
}

type Plain = Exclude<Form, { kind: 'joined' }>

interface Operands {
  readonly x: Vec
  readonly y: Vec
}

/** What a product, whose first weight is number `at`, adds to the two vectors. */
async function addOperands(
  field: Field,
  { count, terms }: LocalProduct,
  weights: Vec,
  at: number,
  parts: Operands[]
): Promise<void> {
  for (const { factor, form } of terms) {
    const first = parts.length
    if (form.kind === 'joined') {
      let place = at
      for (const part of form.parts) {
        await addOperands(field, part, weights, place, parts)
        place += part.count
      }
    } else parts.push(await weighted(field, form, field.slice(weights, at, at + count), weights, at))
    if (factor === 1n) continue
    for (let i = first; i < parts.length; i++) parts[i] = { ...parts[i]!, x: field.scale(parts[i]!.x, factor) }
  }
}

/** Vectors whose inner product is sum of weight_k form_k. `at` is the place of the first weight among all, `fromOne`. */
async function weighted(field: Field, form: Plain, weight: Vec, fromOne: Vec, at: number): Promise<Operands> {
  const { x, y } = form
  if (form.kind === 'matrix') {
    const { rows, inner, columns } = form
    // weight[i * columns + j] = u_i v_j, because the weights are powers; u counts from rho^0
    const v = field.slice(weight, 0, columns)
    const u = field.gather(
      fromOne,
      Array.from({ length: rows }, (_, i) => i * columns)
    )
    return {
      x: rows === 1 ? x : field.matmul(u, x, 1, rows, inner),
      y: columns > 1 ? field.matmul(y, v, inner, columns, 1) : at === 0 ? y : await longMul(field, y, v)
    }
  }
  const count = field.length(weight)
  if (count === 1) return { x: field.mul(x, weight), y }
  if (field.length(x) === 1) return { x, y: await longDot(field, weight, y) }
  if (field.length(y) === 1) return { x: await longDot(field, weight, x), y }
  return { x: await longMul(field, x, weight), y }
}

/** 1, r, ..., r^(K-1) for the left side and the same backwards for the right one. */
function weightsOf(field: Field, K: number, r: bigint): { left: Vec[]; right: Vec[] } {
  const left = field.split(powers(field, r, K))
  return { left, right: [...left].reverse() }
}

/** H(r), where H has 2K - 1 coefficients: all but the middle one are shared, and that is the claim z. */
function fold(field: Field, z: Vec, shared: Vec, K: number, r: bigint): Vec {
  const all = field.concat([field.slice(shared, 0, K - 1), z, field.slice(shared, K - 1)])
  return field.dot(powers(field, r, 2 * K - 1), all)
}

/** The coefficients of H but for the middle one: sums of the inner products of rows j of x and j' of y with j - j' + K - 1 = 0, 1, ... */
async function outerCoefficients(field: Field, x: Vec, y: Vec, K: number): Promise<Vec> {
  const size = field.length(x) / K
  if (size === 1 && K > 4) {
    // row i of a matrix times y is coefficient i: the elements of x, moved by i - (K - 1)
    const padded = field.concat([field.zeros(K - 1), x, field.zeros(K - 1)])
    const rows = Array.from({ length: 2 * K - 1 }, (_, i) => i).filter(i => i !== K - 1)
    const moved = field.concat(rows.map(i => field.slice(padded, i, i + K)))
    return field.matmul(moved, y, 2 * K - 2, K, 1)
  }
  const below: Vec[] = []
  const above: Vec[] = []
  for (let d = K - 1; d > 0; d--) {
    below.push(await longDot(field, field.slice(x, 0, (K - d) * size), field.slice(y, d * size)))
    above.unshift(await longDot(field, field.slice(x, d * size), field.slice(y, 0, (K - d) * size)))
  }
  return field.concat([...below, ...above])
}

/** The sum of weights times rows, row by row of `v`; in place of the first row if nobody else needs the vector. */
async function joinRows(field: Field, v: Vec, weights: readonly Vec[], inPlace: boolean): Promise<Vec> {
  const K = weights.length
  const size = field.length(v) / K
  const part = (j: number, from: number, to: number): Vec => field.slice(v, j * size + from, j * size + to)
  const out = inPlace ? field.slice(v, 0, size) : field.zeros(size)
  for (let at = 0; at < size; at += SLICE) {
    const end = Math.min(size, at + SLICE)
    const target = field.slice(out, at, end)
    const rows = weights.map((_, j) => part(j, at, end))
    if (K === 2) field.mulAdd2(rows[0]!, weights[0]!, rows[1]!, weights[1]!, target)
    else target.set(field.combine(weights, rows))
    if (size > SLICE) await breathe()
  }
  return out
}

/** One level: an inner product of length m becomes one of length ceil(m / K). 1 round and that of a coin. */
async function compress(op: Party, { x, y, z }: Inner, K: number, levels: Level[]): Promise<Inner> {
  const { field } = op
  const size = Math.ceil(field.length(x) / K)
  const padded = (v: Vec): Vec => {
    if (field.length(v) === K * size) return v
    const out = field.zeros(K * size)
    out.set(v)
    return out
  }
  const [left, right] = [padded(x), padded(y)]
  const values = await outerCoefficients(field, left, right, K)
  const { result, dealt }: Reshared = await reshareInParts(op.operation('level'), 2 * K - 2, (from, to) =>
    field.slice(values, from, to).slice()
  )
  const r = await toss(op)
  levels.push({ dealt, K, r })
  // after the first step the vectors are this function's own and may be overwritten
  const inPlace = levels.length > 1 && K === 2
  const weights = weightsOf(field, K, r)
  return {
    x: await joinRows(field, left, weights.left, inPlace),
    y: await joinRows(field, right, weights.right, inPlace),
    z: fold(field, z, result, K, r)
  }
}
