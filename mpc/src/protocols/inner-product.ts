import type { Field, Vec } from '../field/field.ts'
import type { Claim, Dealing } from '../session/ledger.ts'
import type { Party } from '../session/party.ts'
import { lagrange } from '../sharing/shamir.ts'
import { powers, toss } from './coin.ts'
import type { Form } from './product.ts'
import { breathe, reshareInParts, type Reshared } from './reshare.ts'

/** Between computations on more elements than this the event loop gets its turn. */
const YIELD_ABOVE = 8192
const BLOCK = 8192
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
 * 2. The vectors are cut into K parts, read as values of polynomials F, G at 1..K; the parties share H(j) = <F(j), G(j)> for
 *    enough j (one H(j) follows from the claim), open a coin r, and go on with F(r), G(r), H(r), K times shorter.
 * 3. At length 31 or less each element is a part, and a random pair one more, so that F(r), G(r), H(r) may be opened.
 *
 * - Cost: 3 rounds among three parties, else 5, and for each step before the last 2, else 3: no such step up to 31 terms, one up to 961,
 *   two up to 7,688, and one more for each doubling; 2K - 2 elements a step.
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
  const weights = powers(field, rho, sizeOfClaims(claims))
  const parts: { x: Vec; y: Vec }[] = []
  const pause = (count: number): Promise<void> | undefined => (count > YIELD_ABOVE ? breathe() : undefined)
  await pause(field.length(weights))
  let z = field.zeros(1)
  let at = 0
  for (const { product, result } of claims) {
    const weight = field.slice(weights, at, at + product.count)
    at += product.count
    z = field.add(z, field.dot(weight, result))
    await pause(product.count)
    for (const { factor, form } of product.terms) {
      const { x, y } = weighted(field, form, weight, weights)
      await pause(field.length(x))
      parts.push({ x: factor === 1n ? x : field.scale(x, factor), y })
    }
  }
  if (parts.length === 1) return { ...parts[0]!, z }
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

const bases = new Map<string, readonly Vec[]>()
const KNOWN_BASES = 2048

/** Lagrange coefficients at `point` over the nodes 1..K. Those of small points are kept: they come back at every step. */
function basis(field: Field, K: number, point: bigint): readonly Vec[] {
  const make = (): Vec[] => {
    const nodes = Array.from({ length: K }, (_, j) => BigInt(j + 1))
    return field.split(field.from(lagrange(nodes, point, field.p)))
  }
  if (point > BigInt(2 * K)) return make()
  const name = `${field.p}/${K}/${point}`
  let found = bases.get(name)
  if (!found) {
    found = make()
    if (bases.size < KNOWN_BASES) bases.set(name, found)
  }
  return found
}

/** Values of polynomials through vectors at 1, 2, ..., taken at `point`. */
const through = (field: Field, vectors: readonly Vec[], point: bigint): Vec =>
  field.combine(basis(field, vectors.length, point), vectors)

/** H(r), where H has degree 2K - 2: its values at 1..K-1 and K+1..2K-1 are shared, that at K is what the claim z leaves. */
function fold(field: Field, z: Vec, shared: Vec, K: number, r: bigint): Vec {
  const rest = K > 1 ? field.sub(z, field.sum(field.slice(shared, 0, K - 1))) : z
  const all = field.concat([field.slice(shared, 0, K - 1), rest, field.slice(shared, K - 1)])
  return field.dot(field.concat(basis(field, 2 * K - 1, r)), all)
}

/** The inner products of polynomials through the K rows of x and of y at 1..K, taken at K+1..2K-1. */
async function productsBeyond(field: Field, x: Vec, y: Vec, K: number): Promise<Vec[]> {
  const size = field.length(x) / K
  if (K > 2) {
    const points = Array.from({ length: K - 1 }, (_, j) => BigInt(K + 1 + j))
    const coefficients = field.concat(points.flatMap(point => basis(field, K, point)))
    const [f, g] = [x, y].map(rows => field.matmul(coefficients, rows, K - 1, K, size))
    return points.map((_, j) => {
      const [from, to] = [j * size, (j + 1) * size]
      return field.dot(field.slice(f!, from, to), field.slice(g!, from, to))
    })
  }
  // at 3 a line is twice its value at 2 less that at 1; block by block, so that nothing large is made
  let sum = field.zeros(1)
  const scratch = [x, y].map(() => field.zeros(Math.min(size, BLOCK)))
  for (let at = 0; at < size; at += BLOCK) {
    const here = Math.min(BLOCK, size - at)
    const [f, g] = [x, y].map((v, i) => {
      const [first, second] = [field.slice(v, at, at + here), field.slice(v, size + at, size + at + here)]
      const out = field.slice(scratch[i]!, 0, here)
      return field.sub(field.add(second, second, out), first, out)
    })
    sum = field.add(sum, field.dot(f!, g!))
    if (at % (16 * BLOCK) === 15 * BLOCK) await breathe()
  }
  return [sum]
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
  const row = (v: Vec, j: number): Vec => field.slice(v, j * size, (j + 1) * size)
  const values: Vec[] = []
  for (let j = 0; j + 1 < K; j++) values.push(field.dot(row(left, j), row(right, j)))
  if (size > YIELD_ABOVE) await breathe()
  values.push(...(await productsBeyond(field, left, right, K)))
  const { result, dealt }: Reshared = await reshareInParts(op.operation('level'), 2 * K - 2, (from, to) =>
    field.concat(values.slice(from, to))
  )
  const r = await toss(op)
  levels.push({ dealt, K, r })
  // after the first step the vectors are this function's own and may be overwritten
  const inPlace = levels.length > 1 && K === 2
  const join = (v: Vec): Vec => {
    if (!inPlace)
      return through(
        field,
        Array.from({ length: K }, (_, j) => row(v, j)),
        r
      )
    const [first, second] = basis(field, 2, r)
    return field.mulAdd2(row(v, 0), first!, row(v, 1), second!, row(v, 0))
  }
  const newX = join(left)
  if (size > YIELD_ABOVE) await breathe()
  const newY = join(right)
  if (size > YIELD_ABOVE) await breathe()
  return { x: newX, y: newY, z: fold(field, z, result, K, r) }
}
