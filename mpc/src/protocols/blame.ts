import { randomBytes } from 'node:crypto'
import { shapeError } from '../errors.ts'
import type { Field, Vec } from '../field/field.ts'
import type { Claim, Dealing } from '../session/ledger.ts'
import type { Party } from '../session/party.ts'
import { lagrange, pointOf, type Row } from '../sharing/shamir.ts'
import { powers, toss } from './coin.ts'
import { decodeView, encodeView, judge, viewLength, type Found, type Frame, type View } from './dispute.ts'
import { reduceClaims } from './inner-product.ts'
import { evaluator, matrix, type LocalProduct } from './product.ts'
import { dealFrom, reshareInParts, seeded } from './reshare.ts'
import { weighedSum } from './weighed-sum.ts'

export type { Found } from './dispute.ts'

/**
 * Finds out who made a product check fail, for n >= 3t + 1. All parties run it together; it opens nothing but random combinations
 * behind masks that were dealt for it, never a message of the failed batch.
 *
 * The check is repeated on the same claims with fresh coins. The signs that one party dealt are squared anew, so every claim is now
 * a sum of what the dealers dealt, and the reduction is linear in that: an honest dealer's part of z is, at the end, the product
 * of its own shares of x and y. Then all dealings since the last check, weighed by a coin, and one of a random element by each
 * party, are laid open. `judge` compares what parties say of each other, and each dealer's part with the operands.
 *
 * - Shapes: the claims of a failed check, and the rows of its opening; one node, or two, out.
 * - Cost: 5 + that of `reduceClaims` rounds; about 3 n^2 elements. Only after a failure.
 * - Security: at most t corrupt parties. An honest party never names itself, another honest one alone, or a pair without a corrupt
 *   one; in a repetition without one of those that were named fewer corrupt parties can be present. What it gives `onDispute`, signed by
 *   all, lets the validator come to one answer where a corrupt party told each something else.
 * @see docs/spec/mpc.md 4.4.
 * @cost n = 4, 4 products of which one dealing was changed: active, proved 12 rounds, 3636 bytes
 */
export async function investigate(
  party: Party,
  claims: readonly Claim[],
  received: readonly Row[],
  accusers: readonly number[]
): Promise<Found> {
  const op = party.operation('investigate')
  const { field, index, n, session } = op
  const { shamir, present, dealers, productWeights: weights } = session
  const { products, signers, squares, expected } = await squareSigns(op, claims)
  const frame: Frame = { shamir, present, dealers, weights, signers }
  const reduced = await reduceClaims(op, products)
  // a claim that nobody dealt (a program's own) leaves nothing to compare
  if (!reduced.isDealt) return []

  await Promise.all(
    present.map(dealer =>
      dealFrom(op, dealer, 1, 'mask', () => field.sample(1, bytes => new Uint8Array(randomBytes(bytes))))
    )
  )
  const sigma = await toss(op)
  const dealings = op.ledger.takeDealings()
  const by = (dealer: number): Dealing[] => dealings.filter(dealing => dealing.dealer === dealer)
  const rowFrom = (node: number): Vec => received.find(row => row.index === node)?.shares ?? field.zeros(3)
  const view: View = {
    own: rowFrom(index),
    received: Array.from({ length: n }, (_, node) => rowFrom(node)),
    accusers: field.fromIntegers(Array.from({ length: n }, (_, node) => (accusers.includes(node) ? 1 : 0))),
    triple: field.concat([reduced.x, reduced.y, reduced.z]),
    squares,
    expected,
    parts: dealers.map((_, place) => reduced.partOf(place, sharesOf)),
    dealings: Array.from({ length: n }, (_, dealer) =>
      present.includes(dealer) ? weighed(field, by(dealer), sharesOf, sigma) : field.zeros(1)
    ),
    dealtPart: dealers.includes(index)
      ? everywhere(op, pick => reduced.partOf(dealers.indexOf(index), pick))
      : field.zeros(n),
    dealtAll: everywhere(op, pick => weighed(field, by(index), pick, sigma))
  }
  const encoded = encodeView(field, view)
  session.onDispute?.(field.toBytes(encoded).slice())
  const step = op.step()
  for (const to of op.others) await op.send(to, step, encoded)
  const length = viewLength(frame)
  const views = await Promise.all(
    present.map(async from => {
      const vector = from === index ? encoded : await op.receive(from, step, length)
      return [from, decodeView(frame, vector)] as const
    })
  )
  return judge(frame, new Map(views))
}

const sharesOf = ({ shares }: Dealing): Vec => shares!

/** All dealings of one dealer in one: the last, a mask, is not weighed. */
const weighed = (field: Field, dealings: readonly Dealing[], pick: (dealing: Dealing) => Vec, sigma: bigint): Vec =>
  weighedSum(field, field.concat(dealings.map(pick)), sigma)

/** The polynomial that this party dealt, at the points of all n: `value` takes the same combination of any vector of its dealings. */
function everywhere({ field, index, n, t }: Party, value: (pick: (dealing: Dealing) => Vec) => Vec): Vec {
  const known = Array.from({ length: t + 1 }, (_, k) =>
    value(({ chunks }) => field.concat(chunks.map(vectors => vectors[k]!)))
  )
  const points = [0n, ...seeded(index, n, t).map(pointOf)]
  return field.concat(
    Array.from({ length: n }, (_, j) => {
      const basis = lagrange(points, pointOf(j), field.p).map(coefficient => field.constant(coefficient))
      return field.combine(basis, known)
    })
  )
}

/**
 * The claims, with those of signs (s^2 = 1, for vectors that one party dealt) in a form that was dealt: for each such party one sum of
 * squares, weighed by a coin, as a product. Opened, it must be the sum of the weights. It says nothing of an honest party's signs.
 */
async function squareSigns(
  op: Party,
  claims: readonly Claim[]
): Promise<{ products: Claim[]; signers: number[]; squares: Vec; expected: Vec }> {
  const { field } = op
  const products = claims.filter(({ by }) => by === undefined)
  const signers = [...new Set(claims.flatMap(({ by }) => (by === undefined ? [] : [by])))]
  const rho = await toss(op)
  const squares: Vec[] = []
  const expected: Vec[] = []
  for (const signer of signers) {
    const own = claims.filter(({ by }) => by === signer)
    const signs = field.concat(own.map(({ product }) => dealtSigns(product)))
    const ones = field.concat(own.map(({ result }) => result))
    const weights = powers(field, rho, field.length(signs))
    const product = matrix(field, field.mul(signs, weights), signs, 1, field.length(signs), 1)
    const { result, dealt } = await reshareInParts(op, 1, evaluator(field, product))
    products.push({ product, result, dealt })
    squares.push(result)
    expected.push(field.dot(weights, ones))
  }
  return { products, signers, squares: field.concat(squares), expected: field.concat(expected) }
}

/** The x of a claim x x = 1. */
function dealtSigns({ terms }: LocalProduct): Vec {
  const { form } = terms[0]!
  if (form.kind !== 'elements') throw shapeError('signs', 'A claim of signs is a product of elements.')
  return form.x
}
