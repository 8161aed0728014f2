import type { Field, Vec } from '../field/field.ts'
import type { Claim, Dealing } from '../session/ledger.ts'
import type { Party } from '../session/party.ts'
import { lagrange } from '../sharing/shamir.ts'
import { powers, toss } from './coin.ts'
import type { Form } from './product.ts'
import { reshareInParts, type Reshared } from './reshare.ts'

/** Long claims are halved (cheapest to compute), short ones cut in eight (fewest rounds). */
const SHORT = 512
const factorFor = (length: number): number => (length > SHORT ? 2 : 8)

/** How many points of its domain a wrong product may choose to be right at, in one check of `products`. */
export function rootsOf(products: number): number {
  const halvings = Math.max(0, Math.ceil(Math.log2(Math.max(1, products) / SHORT)))
  return products + 2 * halvings + 14 * Math.ceil(Math.log2(SHORT) / 3) + 3
}

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
 * 2. The vectors are cut into K parts, read as values of polynomials F, G at 1..K; the parties share H(j) = <F(j), G(j)> for
 *    enough j (one H(j) follows from the claim), open a coin r, and go on with F(r), G(r), H(r), K times shorter.
 * 3. At length 1 a random pair is put beside, so that F(r), G(r), H(r) may be opened.
 *
 * - Cost: 2 + 3 ceil(levels) + 4 rounds; about 4K elements a level. Local work: some 6 lazily reduced terms a product.
 */
export async function reduceClaims(op: Party, claims: readonly Claim[], challenge = 0n): Promise<Reduced> {
  const { field } = op
  const rho = ((await toss(op)) + challenge) % field.p
  const levels: Level[] = []
  let inner = combineClaims(field, claims, rho)
  while (field.length(inner.x) > 1) inner = await compress(op, inner, factorFor(field.length(inner.x)), levels)
  const pair = op.random(2, 'pair')
  const [a, b] = [field.slice(pair, 0, 1), field.slice(pair, 1, 2)]
  const beside = await reshareInParts(op.operation('inner'), 1, () => field.dot(a, b))
  const { x, y, z } = inner
  const masked = { x: field.concat([x, a]), y: field.concat([y, b]), z: field.add(z, beside.result) }
  const closing: Level[] = []
  const last = await compress(op, masked, 2, closing)
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

function combineClaims(field: Field, claims: readonly Claim[], rho: bigint): Inner {
  const weights = powers(field, rho, sizeOfClaims(claims))
  const parts: { x: Vec; y: Vec }[] = []
  let z = field.zeros(1)
  let at = 0
  for (const { product, result } of claims) {
    const weight = field.slice(weights, at, at + product.count)
    at += product.count
    z = field.add(z, field.dot(weight, result))
    for (const { factor, form } of product.terms) {
      const { x, y } = weighted(field, form, weight, weights)
      parts.push({ x: factor === 1n ? x : field.scale(x, factor), y })
    }
  }
  return { x: field.concat(parts.map(({ x }) => x)), y: field.concat(parts.map(({ y }) => y)), z }
}

/** Vectors whose inner product is sum of weight_k form_k. */
function weighted(field: Field, form: Form, weight: Vec, fromOne: Vec): { x: Vec; y: Vec } {
  const { x, y } = form
  if (form.kind === 'matrix') {
    const { rows, inner, columns } = form
    // weight[i * columns + j] = u_i v_j, because the weights are powers; u counts from rho^0
    const v = field.slice(weight, 0, columns)
    const u = field.gather(
      fromOne,
      Array.from({ length: rows }, (_, i) => i * columns)
    )
    return { x: field.matmul(u, x, 1, rows, inner), y: field.matmul(y, v, inner, columns, 1) }
  }
  const count = field.length(weight)
  if (count === 1) return { x: field.mul(x, weight), y }
  if (field.length(x) === 1) return { x, y: field.dot(weight, y) }
  if (field.length(y) === 1) return { x: field.dot(weight, x), y }
  return { x: field.mul(x, weight), y }
}

/** Values of polynomials through vectors at 1, 2, ..., taken at `point`. */
const through = (field: Field, vectors: readonly Vec[], point: bigint): Vec => {
  const nodes = vectors.map((_, j) => BigInt(j + 1))
  return field.combine(field.split(field.from(lagrange(nodes, point, field.p))), vectors)
}

/** H(r), where H has degree 2K - 2: its values at 1..K-1 and K+1..2K-1 are shared, that at K is what the claim z leaves. */
function fold(field: Field, z: Vec, shared: Vec, K: number, r: bigint): Vec {
  const pieces = field.split(shared)
  const rest = pieces.slice(0, K - 1).reduce((left, piece) => field.sub(left, piece), z)
  return through(field, [...pieces.slice(0, K - 1), rest, ...pieces.slice(K - 1)], r)
}

/** One level: an inner product of length m becomes one of length ceil(m / K). 3 rounds. */
async function compress(op: Party, { x, y, z }: Inner, K: number, levels: Level[]): Promise<Inner> {
  const { field } = op
  const size = Math.ceil(field.length(x) / K)
  const cut = (v: Vec): Vec[] => {
    const padded = field.zeros(K * size)
    padded.set(v)
    return Array.from({ length: K }, (_, j) => field.slice(padded, j * size, (j + 1) * size))
  }
  const [xs, ys] = [cut(x), cut(y)]
  const asked = Array.from({ length: 2 * K - 1 }, (_, j) => BigInt(j + 1)).filter(point => point !== BigInt(K))
  const values = asked.map(point => {
    const known = point < BigInt(K)
    const [f, g] = known
      ? [xs[Number(point) - 1]!, ys[Number(point) - 1]!]
      : [through(field, xs, point), through(field, ys, point)]
    return field.dot(f, g)
  })
  const { result, dealt }: Reshared = await reshareInParts(op.operation('level'), asked.length, (from, to) =>
    field.concat(values.slice(from, to))
  )
  const r = await toss(op)
  levels.push({ dealt, K, r })
  return { x: through(field, xs, r), y: through(field, ys, r), z: fold(field, z, result, K, r) }
}
