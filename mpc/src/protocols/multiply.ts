import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { elements, evaluator, matrix, type LocalProduct } from './product.ts'
import { reshare, reshareInParts } from './reshare.ts'

/**
 * Brings a local product back to degree t.
 *
 * - Shapes: a local product of k elements in, k shares of degree t out.
 * - Cost: 1 round; `product.count` elements a party for n = 3, at most (n - 1 - t) times as many otherwise.
 * - Security: as `reshare`: passive, or private up to an additive error. In active mode the claim that the result is the
 *   product goes to the ledger, and `verifyProducts` proves it before anything is opened.
 * @see Gennaro, Rabin, Rabin, PODC 1998; Araki et al., CCS 2016; docs/spec/mpc.md 5.1.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes; active, proved 5 rounds, 904 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 9 rounds, 1386 bytes
 */
export async function reduceProduct(party: Party, product: LocalProduct): Promise<Vec> {
  const op = party.operation('product')
  if (op.session.rehearsal) return op.field.zeros(product.count)
  const local = evaluator(op.field, product)
  if (!op.active || product.count === 0) return reshare(op, product.count, local)
  return op.ledger.during(async () => {
    const { result, dealt } = await reshareInParts(op, product.count, local)
    op.ledger.add({ product, result, dealt })
    return result
  })
}

/**
 * Multiplies two shared vectors element by element.
 *
 * - Shapes: k shares of degree t each; the result has k of degree t. An operand of one element multiplies all.
 * - Cost: as `reduceProduct`.
 * - Security, source: as `reduceProduct`.
 * @throws MPC_SHAPE if the lengths differ.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes; active, proved 5 rounds, 712 bytes
 * @cost n = 3, 40 elements: passive 1 round, 960 bytes; active, proved 7 rounds, 2088 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 9 rounds, 1002 bytes
 */
export async function mul(party: Party, x: Vec, y: Vec): Promise<Vec> {
  return reduceProduct(party, elements(party.field, x, y))
}

/**
 * The sum of x_i y_i. 1 round; 1 element a party for n = 3, whatever the length.
 *
 * - Shapes: two of k shares of degree t in, one share out.
 * - Security, source: as `reduceProduct`.
 * @cost n = 3, 4 terms: passive 1 round, 24 bytes; active, proved 5 rounds, 640 bytes
 * @cost n = 4, 4 terms: passive 1 round, 48 bytes; active, proved 9 rounds, 858 bytes
 */
export async function dot(party: Party, x: Vec, y: Vec): Promise<Vec> {
  return reduceProduct(party, matrix(party.field, x, y, 1, party.field.length(x), 1))
}

/**
 * (rows x inner) times (inner x columns). 1 round; rows * columns elements a party for n = 3.
 *
 * - Shapes: matrices row by row, shares of degree t in and out.
 * - Security, source: as `reduceProduct`.
 * @cost n = 3, 2 x 2 elements: passive 1 round, 96 bytes; active, proved 5 rounds, 616 bytes
 * @cost n = 4, 2 x 2 elements: passive 1 round, 192 bytes; active, proved 9 rounds, 810 bytes
 */
export async function matmul(party: Party, a: Vec, b: Vec, rows: number, inner: number, columns: number): Promise<Vec> {
  return reduceProduct(party, matrix(party.field, a, b, rows, inner, columns))
}
