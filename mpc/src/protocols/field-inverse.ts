import { MpcError, shapeError } from '../errors.ts'
import { modInverse } from '../field/prime.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { matmul } from './multiply.ts'
import { openMasked } from './masked.ts'

/**
 * The inverse of a matrix over F_p, exact: with uniform R and S the nodes open M = R A S, and the inverse is S M^-1 R.
 *
 * - Shapes: m x m shares of degree t in and out, row by row.
 * - Cost: 4 rounds, (3 m^2 + t m^2) elements a party for n = 3.
 * - Security: that of the session's mode. M is uniform among the matrices of the rank of A (R and S are invertible but for
 *   chance 2m/p), so nodes learn the rank and nothing else; for an invertible A that is nothing.
 * @throws MPC_DEGENERATE at all nodes if the matrix has no inverse (or with chance 2m/p).
 * @see Bar-Ilan, Beaver, PODC 1989; Cramer, Damgard, CRYPTO 2001.
 * @cost n = 3, 2 x 2 elements: passive 4 rounds, 384 bytes; active, proved 12 rounds, 1616 bytes
 * @cost n = 4, 2 x 2 elements: passive 4 rounds, 672 bytes; active, proved 20 rounds, 2292 bytes
 */
export async function fieldInverse(party: Party, a: Vec, size: number): Promise<Vec> {
  const op = party.operation('field-inverse')
  const { field } = op
  if (!Number.isInteger(size) || size < 1 || field.length(a) !== size * size) {
    throw shapeError('field-inverse', `${field.length(a)} elements are no ${size} x ${size} matrix.`)
  }
  if (op.session.rehearsal) return field.zeros(size * size)
  const r = op.random(size * size, 'left')
  const s = op.random(size * size, 'right')
  const left = await matmul(op, r, a, size, size, size)
  const opened = await openMasked(op, await matmul(op, left, s, size, size, size))
  const inverse = invertPublic(field.toBigints(opened), size, field.p)
  if (!inverse) {
    throw new MpcError({ code: 'MPC_DEGENERATE', operation: op.id }, 'The matrix has no inverse modulo P.')
  }
  // the public inverse is a matrix of shares too, of degree 0
  const half = field.matmul(s, field.from(inverse), size, size, size)
  return matmul(op, half, r, size, size, size)
}

/** Gauss and Jordan, modulo p. null if there is no inverse. For opened values: takes time that depends on them. */
function invertPublic(values: readonly bigint[], size: number, p: bigint): bigint[] | null {
  const rows = Array.from({ length: size }, (_, i) => [
    ...values.slice(i * size, (i + 1) * size),
    ...Array.from({ length: size }, (_, j) => (i === j ? 1n : 0n))
  ])
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, i) => i >= column && row[column] !== 0n)
    if (pivot === -1) return null
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    const factor = modInverse(rows[column]![column]!, p)
    const lead = rows[column]!.map(value => (value * factor) % p)
    rows[column] = lead
    for (let i = 0; i < size; i++) {
      const multiple = rows[i]![column]!
      if (i === column || multiple === 0n) continue
      rows[i] = rows[i]!.map((value, j) => (((value - multiple * lead[j]!) % p) + p) % p)
    }
  }
  return rows.flatMap(row => row.slice(size))
}
