import { shapeError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { reshare } from './reshare.ts'

/**
 * Multiplies two shared vectors element by element.
 *
 * - Shapes: k shares of degree t each; the result has k of degree t. An operand of one element multiplies all.
 * - Cost: 1 round; k elements a party for n = 3, at most (n - 1 - t) k otherwise.
 * - Security: as `reshare`: passive, or private up to an additive error which the product check finds.
 * @throws MPC_SHAPE if the lengths differ.
 */
export async function mul(party: Party, x: Vec, y: Vec): Promise<Vec> {
  const op = party.operation('mul')
  const { field } = op
  const [lengthX, lengthY] = [field.length(x), field.length(y)]
  if (lengthX !== lengthY && lengthX !== 1 && lengthY !== 1)
    throw shapeError('mul', `Vectors of ${lengthX} and ${lengthY} elements.`)
  const part = (v: Vec, length: number, from: number, to: number): Vec => (length === 1 ? v : field.slice(v, from, to))
  return reshare(op, Math.max(lengthX, lengthY), (from, to) =>
    field.mul(part(x, lengthX, from, to), part(y, lengthY, from, to))
  )
}

/** The sum of x_i y_i. 1 round; 1 element a party for n = 3, whatever the length. Security as `mul`. */
export async function dot(party: Party, x: Vec, y: Vec): Promise<Vec> {
  const op = party.operation('dot')
  if (x.length !== y.length) throw shapeError('dot', 'The vectors of a dot product differ in length.')
  return reshare(op, 1, () => op.field.dot(x, y))
}

/** (rows x inner) times (inner x columns). 1 round; rows * columns elements a party for n = 3. Security as `mul`. */
export async function matmul(party: Party, a: Vec, b: Vec, rows: number, inner: number, columns: number): Promise<Vec> {
  const op = party.operation('matmul')
  const product = op.field.matmul(a, b, rows, inner, columns)
  return reshare(op, rows * columns, (from, to) => op.field.slice(product, from, to))
}
