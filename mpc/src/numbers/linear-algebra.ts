import { MpcError, shapeError } from '../errors.ts'
import { roomOf } from '../plan/room.ts'
import type { Party } from '../session/party.ts'
import { add, dot, matmul, mul, publicValue, scaleInteger, scaleReal, sub, withFraction } from './arithmetic.ts'
import { lt } from './compare.ts'
import { sqrt, type Partial } from './divide.ts'
import { normalise } from './normalise.ts'
import { alignTo, pick, range, reshape, sizeOf, stack, transpose, withBits, type Secret } from './secret.ts'

const identity = (party: Party, size: number, fraction: number, factor = 1): Secret => {
  const values = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? factor : 0))
  return reshape(publicValue(party, values, fraction), size, size)
}

/** The inverse is accepted if the Frobenius norm of I - BX is below 2^-12; one step of refinement then squares that. */
const RESIDUAL_BITS = 12

interface Inverse {
  readonly inverse: Secret
  readonly converged: Secret
}

/**
 * Newton-Schulz: X <- X (2I - B X), `steps` times from `start`, and whether it converged.
 *
 * With the norm of B at most 1, start = B^T (or I for a positive B) gives X_k = sum of (I - start B)^i start over i < 2^k, so
 * the norm of X_k is at most 2^k whatever B is: no opening exceeds its mask even if B is singular.
 * 2 rounds a step; the verdict is one more comparison.
 */
async function newtonSchulz(op: Party, b: Secret, start: Secret, steps: number, working: number): Promise<Inverse> {
  const size = b.rows
  const eye = identity(op, size, working)
  const twice = identity(op, size, working, 2)
  const within = (x: Secret, bits: number): Secret => withBits(x, working + bits)
  let x = start
  for (let step = 1; step <= steps; step++) {
    // The norm of I - BX never exceeds 1, so that of 2I - BX is at most 2
    const rest = within(sub(op, twice, within(await matmul(op, b, x, working), 1.1)), 1.1)
    x = within(await matmul(op, x, rest, working), step + 0.1)
  }
  const residual = within(sub(op, eye, within(await matmul(op, b, x, working), 1.1)), 1.1)
  const square = await dot(op, residual, residual, working)
  const converged = await lt(
    op,
    withBits(square, working + 2 + 2 * Math.log2(size)),
    publicValue(op, [2 ** (-2 * RESIDUAL_BITS)], working)
  )
  return { inverse: x, converged }
}

function workingBits(op: Party, what: string, steps: number, size: number): number {
  const working = Math.min(48, Math.floor((roomOf(op.session).valueBits - steps - Math.log2(size) - 4) / 2))
  if (working < 2 * RESIDUAL_BITS + 8) {
    throw new MpcError(
      { code: 'MPC_RANGE', what, bits: working, limitBits: 2 * RESIDUAL_BITS + 8 },
      `${what}: this modulus leaves ${working} working bits, too few to tell whether the iteration converged.`,
      { hint: 'Use the 164-bit modulus, or lower conditionBits.' }
    )
  }
  return working
}

export interface InverseOptions {
  /** Matrices with a larger condition number than about 2^this are reported as not invertible. 10 by default. */
  readonly conditionBits?: number
  readonly fraction?: number
}

/**
 * Inverse of a real m x m matrix. valid = 0 for singular and too badly conditioned ones.
 *
 * A is scaled by a secret power of two so that its Frobenius norm lies in [1/2, 1), then Newton-Schulz from the transpose.
 *
 * - Accuracy: 2^-20 relative to the norm of the inverse (2^-24 from the verdict, the rest rounding), and the truncation error
 *   in the last place.
 * - Cost: two comparisons, 2 (2 conditionBits + log2 m + 6) + 12 rounds; m^2 elements of degree 2t in each.
 * @see Schulz 1933; Ben-Israel, Cohen 1966 for the start and its convergence.
 * @cost n = 3, input of harness/catalogue: passive 94 rounds, 14160 bytes; active, proved, 553 rounds, 66474 bytes
 */
export async function inverse(party: Party, a: Secret, options: InverseOptions = {}): Promise<Partial> {
  const op = party.operation('inverse')
  const size = a.rows
  if (size !== a.columns) throw shapeError('inverse', `A ${a.rows} x ${a.columns} matrix has no inverse.`)
  const { conditionBits = 10, fraction = Math.max(16, a.fraction) } = options
  const steps = Math.ceil(2 * conditionBits + Math.log2(size)) + 6
  const working = workingBits(op, 'inverse', steps, size)
  const whole = { ...a, fraction: 0 }
  const norm = await dot(op, whole, whole)
  const normal = await normalise(op, norm, 2)
  const root: Secret = { shares: normal.root, rows: 1, columns: 1, fraction: 0, bits: normal.maxRoot }
  // |a_ij|^2 <= the squared norm, so the product stays below 2^(width / 2)
  const scaled = withBits(await mul(op, whole, root), normal.width / 2)
  const b = withBits(await withFraction(op, { ...scaled, fraction: normal.width / 2 }, working), working)
  const { inverse: rough, converged } = await newtonSchulz(op, b, transpose(op, b), steps, working)
  const refined = await refine(op, b, rough, identity(op, size, working), working)
  // A = B 2^(width/2) / (root 2^f), so its inverse is X root 2^f / 2^(width/2)
  const place = { ...root, fraction: normal.width / 2 - a.fraction }
  const kept = Math.min(fraction, working + place.fraction)
  const unscaled = alignTo(op, await mul(op, refined, place, kept), fraction)
  return { value: await mul(op, unscaled, converged), valid: converged }
}

/** X + X (target - B X): squares the relative residual. 3 rounds. */
async function refine(op: Party, b: Secret, x: Secret, target: Secret, working: number): Promise<Secret> {
  const rest = sub(op, target, await matmul(op, b, x, working))
  const more = await matmul(op, x, withBits(rest, working + 1.1), working)
  return add(op, x, more)
}

export interface LeastSquaresOptions extends InverseOptions {
  /** An approximation of the solution: the rest is solved for, so what is already right costs no precision. */
  readonly x0?: Secret
  /** Adds a column of ones behind the last; its coefficient comes last. */
  readonly intercept?: boolean
}

/**
 * The x that minimises |A x - b|, for a design matrix with n rows and m columns. valid = 0 if the columns are (nearly)
 * dependent.
 *
 * The Gram matrix of [A b] is scaled by a secret power of two for each column, so that its diagonal lies in [1/4, 1):
 * columns of very different size do no harm. Its inverse comes from Newton-Schulz, the solution from one refined product.
 *
 * - Accuracy: 2^-20 relative to the norm of the scaled solution, and the truncation error in the last place.
 * - Cost: 1 round for the Gram matrix whatever n is, two comparisons, then 2 (conditionBits + 5) + 15 rounds on m x m matrices.
 *   Here conditionBits bounds the smallest eigenvalue of the scaled matrix: 2^-conditionBits.
 * @cost n = 3, input of harness/catalogue: passive 83 rounds, 13432 bytes; active, proved, 453 rounds, 65888 bytes
 */
export async function leastSquares(
  party: Party,
  a: Secret,
  b: Secret,
  options: LeastSquaresOptions = {}
): Promise<Partial> {
  const { value, valid } = await solveLeastSquares(party.operation('least-squares'), a, b, options, false)
  return { value, valid }
}

export interface RegressionFit extends Partial {
  /** One for each coefficient: sqrt(s^2 (A^T A)^-1_jj) with s^2 the squared residuals over n - m. */
  readonly standardErrors: Secret
  /** n - m, for the t distribution of a coefficient over its standard error. */
  readonly degreesOfFreedom: number
}

/**
 * Least squares with the standard error of each coefficient. t statistics and p-values are functions of the opened results.
 *
 * The squared residuals come from the scaled system: u = g_bb - right . solution, which is 1 - R^2 of the scaled b (not
 * centred) up to a factor between 1/4 and 1. With X the inverse of the scaled matrix, an error is sqrt(X_jj u) in scaled units.
 *
 * - Accuracy: 2^-16 relative where the unexplained part 1 - R^2 is above 2^-14; below that the error is at most 2^-16 of
 *   sqrt(X_jj) in scaled units, so a perfect fit gives errors near 0, not exactly 0. And the truncation error.
 * - Cost: that of `leastSquares`, one comparison and one square root more.
 * @cost n = 3, input of harness/catalogue: passive 137 rounds, 21592 bytes; active, proved, 672 rounds, 110430 bytes
 */
export async function multipleRegression(
  party: Party,
  a: Secret,
  b: Secret,
  options: LeastSquaresOptions = {}
): Promise<RegressionFit> {
  const op = party.operation('multiple-regression')
  const degreesOfFreedom = a.rows - a.columns - (options.intercept ? 1 : 0)
  if (degreesOfFreedom < 1) throw shapeError('regression', 'Standard errors need more rows than coefficients.')
  const { value, valid, standardErrors } = await solveLeastSquares(op, a, b, options, true)
  return { value, valid, standardErrors: standardErrors!, degreesOfFreedom }
}

async function solveLeastSquares(
  op: Party,
  a: Secret,
  b: Secret,
  options: LeastSquaresOptions,
  wantErrors: boolean
): Promise<Partial & { standardErrors?: Secret }> {
  const { conditionBits = 14, fraction = Math.max(16, a.fraction, b.fraction), x0, intercept = false } = options
  const design = intercept ? withOnes(op, a) : a
  const { rows, columns: size } = design
  if (sizeOf(b) !== rows) throw shapeError('least-squares', `${rows} rows against ${sizeOf(b)} values.`)
  if (rows < size) throw shapeError('least-squares', `${rows} rows do not determine ${size} coefficients.`)
  if (x0 && sizeOf(x0) !== size)
    throw shapeError('least-squares', `x0 has ${sizeOf(x0)} elements for ${size} coefficients.`)
  const target = x0
    ? sub(op, reshape(b, rows, 1), await matmul(op, design, reshape(x0, size, 1), b.fraction))
    : reshape(b, rows, 1)
  const steps = conditionBits + 5
  const working = workingBits(op, 'least-squares', steps, size)

  const side = size + 1
  const bits = Math.max(design.bits, target.bits)
  const augmented = beside(op, { ...design, fraction: 0, bits }, { ...target, fraction: 0, bits })
  const gram = await matmul(op, transpose(op, augmented), augmented)
  const diagonal = pick(
    op,
    gram,
    Array.from({ length: side }, (_, i) => i * (side + 1))
  )
  const normal = await normalise(op, diagonal, 2)
  const root: Secret = { shares: normal.root, rows: side, columns: 1, fraction: 0, bits: normal.maxRoot }
  const across = Array.from({ length: side * side }, (_, i) => i % side)
  const down = Array.from({ length: side * side }, (_, i) => Math.floor(i / side))
  const half = await mul(op, reshape(gram, side * side, 1), pick(op, root, across))
  // By Cauchy-Schwarz |g_ij| r_i r_j <= sqrt(g_ii r_i^2 g_jj r_j^2) < 2^width
  const full = withBits(
    await mul(op, withBits(half, normal.width / 2 + gram.bits / 2), pick(op, root, down)),
    normal.width
  )
  const guard = Math.ceil(Math.log2(size))
  const system = await withFraction(op, { ...full, fraction: normal.width }, working)
  const matrixCells = Array.from({ length: size * size }, (_, i) => Math.floor(i / size) * side + (i % size))
  const targetCells = Array.from({ length: size }, (_, i) => i * side + size)
  // Its norm is below its trace < m: divided by 2^guard it is below 1, and the solution of that system is 2^guard times larger
  const square = reshape(pick(op, system, matrixCells), size, size)
  const scaled = withBits(await withFraction(op, { ...square, fraction: working + guard }, working), working)
  const right = withBits(pick(op, system, targetCells), working + 0.01)
  const { inverse: x, converged } = await newtonSchulz(op, scaled, identity(op, size, working), steps, working)
  const first = await matmul(op, x, right, working)
  const rest = sub(op, right, await matmul(op, scaled, first, working))
  // |right| < sqrt(m), and I - BX does not lengthen it
  const left = withBits(rest, working + 0.2 + Math.log2(size) / 2)
  const solution = add(op, first, await matmul(op, x, left, working))

  // x_j = y_j r_j / r_b with r_b = 2^maxRoot / inverse root, all over 2^guard
  const own = pick(
    op,
    root,
    Array.from({ length: size }, (_, i) => i)
  )
  const inverseRoot: Secret = {
    shares: normal.inverseRoot,
    rows: side,
    columns: 1,
    fraction: normal.maxRoot,
    bits: normal.maxRoot
  }
  const offset = a.fraction - b.fraction
  const spare = Math.max(0, fraction + offset + 3)
  /** From scaled units to those of the data: times r_j / r_b; 0 where there is no solution. */
  const unscale = async (scaled: Secret): Promise<Secret> => {
    const widened = await mul(op, scaled, own, spare)
    const result = await mul(op, widened, pick(op, inverseRoot, [size]), fraction + offset)
    return mul(op, { ...result, fraction }, converged)
  }
  const found = await unscale({ ...solution, fraction: working + guard })
  const value = x0 ? add(op, found, await mul(op, reshape(x0, size, 1), converged)) : found
  if (!wantErrors) return { value, valid: converged }

  // u = g_bb - right . solution / 2^guard >= 0; rounding may take it just below, which is cut off
  const explained = await dot(op, right, solution, working)
  const corner = pick(op, system, [size * side + size])
  const whole = sub(op, scaleInteger(op, corner, 2n ** BigInt(guard)), explained)
  const unexplained = withBits(whole, working + guard + 0.1)
  const below = await lt(op, unexplained, publicValue(op, [0]))
  const residual = await mul(op, unexplained, sub(op, publicValue(op, [1]), below))
  // the roots are taken apart, so that neither loses digits to the other; each radicand carries 2^guard
  const diagonalX = pick(
    op,
    x,
    Array.from({ length: size }, (_, i) => i * (size + 1))
  )
  const positive = await mul(op, diagonalX, converged)
  const under = stack(op, [positive, withBits(residual, working + guard + 0.1)])
  const { value: roots } = await sqrt(op, under, { fraction: working, nonNegative: true })
  const errors = await mul(op, range(op, roots, 0, size), range(op, roots, size, size + 1), working)
  const averaged = await scaleReal(op, errors, 1 / Math.sqrt(rows - size))
  const standardErrors = await unscale({ ...averaged, fraction: working + guard })
  return { value, valid: converged, standardErrors }
}

function withOnes(op: Party, a: Secret): Secret {
  const ones = scaleInteger(op, publicValue(op, Array<number>(a.rows).fill(1)), 2n ** BigInt(a.fraction))
  return beside(op, a, { ...ones, fraction: a.fraction, bits: Math.max(a.bits, a.fraction) })
}

/** [a b] for a column b of the same fraction. */
function beside(op: Party, a: Secret, b: Secret): Secret {
  const joined = stack(op, [reshape(a, sizeOf(a), 1), b])
  const width = a.columns + 1
  const indices = Array.from({ length: a.rows * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width]
    return column < a.columns ? row * a.columns + column : sizeOf(a) + row
  })
  return reshape(pick(op, joined, indices), a.rows, width)
}
