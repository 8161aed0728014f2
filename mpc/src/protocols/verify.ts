import { MpcError, parameterError } from '../errors.ts'
import type { Field, Vec } from '../field/field.ts'
import type { Claim } from '../session/ledger.ts'
import type { Party } from '../session/party.ts'
import { lagrange } from '../sharing/shamir.ts'
import { openChecked } from './open.ts'
import type { Form } from './product.ts'
import { reshare } from './reshare.ts'

/** Long claims are halved (cheapest to compute), short ones cut in eight (fewest rounds). */
const SHORT = 512
/** A batch whose check a wrong product could pass with more than 2^-80 is refused. */
const WEAKEST_BITS = -80
const factorFor = (length: number): number => (length > SHORT ? 2 : 8)

interface Inner {
  readonly x: Vec
  readonly y: Vec
  readonly z: Vec
}

/**
 * Checks all pending products of this branch at once, and ends the session if any is wrong.
 *
 * 1. A coin rho, uniform and unknown until all products were sent, turns the claims into one: sum of rho^k (x_k y_k - z_k) = 0,
 *    an inner product of two shared vectors. A matrix product is one term per inner index: (u A)(B v) with u, v powers of rho.
 * 2. The vectors are cut into K parts, read as values of polynomials F, G at 1..K; the parties share H(j) = <F(j), G(j)> for
 *    enough j (one H(j) follows from the claim), open a coin r, and go on with F(r), G(r), H(r), K times shorter.
 * 3. At length 1 a random pair is put beside, so that F(r), G(r), H(r) can be opened and multiplied in the clear.
 * All three openings are tested against degree t without correction: as random combinations of all operands and results they
 * also prove that honest parties hold consistent shares of those.
 *
 * `challenge` is added to the first coin: a nonce that nobody knew while products were made (docs/spec/mpc-certificate.md).
 * - Cost: 2 + 3 ceil(levels) + 4 rounds; about 4K elements a level. Local work: some 6 lazily reduced terms a product.
 * - Security: active adversary, at most t parties, abort. A wrong product passes with probability at most `soundnessBits`.
 * @throws MPC_PRODUCT_CHECK, MPC_OPENING; the session is over then.
 * @see Goyal, Song: "Malicious security comes free in honest-majority MPC", eprint 2020/134; Boneh et al., CRYPTO 2019.
 */
export async function verifyProducts(party: Party, challenge = 0n): Promise<void> {
  if (!party.active || party.ledger.pending === 0) return
  const op = party.operation('verify')
  const claims = party.ledger.take()
  const { field } = op
  const total = claims.reduce((sum, { product }) => sum + product.count, 0)
  if (soundnessBits(total, field.bits) > WEAKEST_BITS) {
    op.fail(
      parameterError(
        'prime',
        `A modulus of ${field.bits} bits cannot prove ${total} products well enough.`,
        'Choose one of 130 bits or more.'
      )
    )
  }
  let { x, y, z } = combineClaims(field, claims, ((await toss(op)) + challenge) % field.p)
  while (field.length(x) > 1) ({ x, y, z } = await compress(op, { x, y, z }, factorFor(field.length(x))))

  const pair = op.random(2, 'pair')
  const [a, b] = [field.slice(pair, 0, 1), field.slice(pair, 1, 2)]
  const last = await compress(
    op,
    { x: field.concat([x, a]), y: field.concat([y, b]), z: field.add(z, await shareInner(op, a, b)) },
    2
  )
  const { values } = await openChecked(op, field.concat([last.x, last.y, last.z]), { strict: true })
  const [f, g, h] = field.toBigints(values) as [bigint, bigint, bigint]
  if ((f * g) % field.p !== h) {
    op.fail(
      new MpcError(
        { code: 'MPC_PRODUCT_CHECK', operation: op.id },
        `One of ${claims.length} checked product vectors is wrong: some party sent a false share of it. The session is aborted.`,
        { hint: 'Repeat the computation; if it fails again, leave out the suspected node.' }
      )
    )
  }
}

/** log2 of the chance that one wrong product of `products` in one check goes unnoticed, in a field of `bits` bits. */
export function soundnessBits(products: number, bits: number): number {
  const halvings = Math.max(0, Math.ceil(Math.log2(Math.max(1, products) / SHORT)))
  const roots = products + 2 * halvings + 14 * Math.ceil(Math.log2(SHORT) / 3) + 3
  return Math.log2(roots) - (bits - 1)
}

/**
 * A uniform public element that nobody knew before all parties had received everything that was sent before. 2 rounds.
 *
 * The first round only says "I am here". Without it t + 1 parties could open the coin while another honest one still waits
 * for a message of a corrupt party, who would then choose that message by the coin and pass the check with a wrong product.
 */
export async function toss(party: Party): Promise<bigint> {
  const op = party.operation('coin')
  const step = op.step()
  const others = Array.from({ length: op.n }, (_, i) => i).filter(i => i !== op.index)
  for (const to of others) await op.sendBytes(to, step, Uint8Array.of(1))
  await Promise.all(others.map(from => op.receiveBytes(from, step, 1)))
  const { values } = await openChecked(op, op.random(1))
  return op.field.toBigints(values)[0]!
}

/** 1, r, r^2, ... as a vector of `count` public elements. */
export function powers(field: Field, r: bigint, count: number): Vec {
  let out = field.constant(1n)
  let step = r
  while (field.length(out) < count) {
    out = field.concat([out, field.scale(out, step)])
    step = (step * step) % field.p
  }
  return field.slice(out, 0, count)
}

function combineClaims(field: Field, claims: readonly Claim[], rho: bigint): Inner {
  const total = claims.reduce((sum, { product }) => sum + product.count, 0)
  const weights = powers(field, rho, total)
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

const shareInner = (op: Party, x: Vec, y: Vec): Promise<Vec> =>
  reshare(op.operation('inner'), 1, () => op.field.dot(x, y))

/** One level: an inner product of length m becomes one of length ceil(m / K). 2 rounds. */
async function compress(op: Party, { x, y, z }: Inner, K: number): Promise<Inner> {
  const { field } = op
  const size = Math.ceil(field.length(x) / K)
  const cut = (v: Vec): Vec[] => {
    const padded = field.zeros(K * size)
    padded.set(v)
    return Array.from({ length: K }, (_, j) => field.slice(padded, j * size, (j + 1) * size))
  }
  const [xs, ys] = [cut(x), cut(y)]
  const nodes = Array.from({ length: K }, (_, j) => BigInt(j + 1))
  const at = (vectors: readonly Vec[], point: bigint, over = nodes): Vec =>
    field.combine(field.split(field.from(lagrange(over, point, field.p))), vectors)
  // H has degree 2K - 2: its values at 1..K-1 and K+1..2K-1 are shared, that at K is what the claim leaves
  const points = Array.from({ length: 2 * K - 1 }, (_, j) => BigInt(j + 1))
  const asked = points.filter(point => point !== BigInt(K))
  const values = asked.map(point => {
    const known = point < BigInt(K)
    const [f, g] = known ? [xs[Number(point) - 1]!, ys[Number(point) - 1]!] : [at(xs, point), at(ys, point)]
    return field.dot(f, g)
  })
  const shared = await reshare(op.operation('level'), asked.length, (from, to) => field.concat(values.slice(from, to)))
  const pieces = asked.map((_, i) => field.slice(shared, i, i + 1))
  const rest = pieces.slice(0, K - 1).reduce((left, piece) => field.sub(left, piece), z)
  const h = [...pieces.slice(0, K - 1), rest, ...pieces.slice(K - 1)]
  const r = await toss(op)
  return { x: at(xs, r), y: at(ys, r), z: at(h, r, points) }
}
