import { shapeError } from '../errors.ts'
import { reduceProduct } from '../protocols/multiply.ts'
import { elements, joined, matrix } from '../protocols/product.ts'
import type { Party } from '../session/party.ts'
import { add, dot, matmul, mul, publicValue, scaleInteger, scaleReal, sub } from './arithmetic.ts'
import { lt } from './compare.ts'
import { sqrt, type Partial } from './divide.ts'
import { identity, planCourse, prepareNewtonSchulz } from './newton-schulz.ts'
import { findScale, widthOf } from './normalise.ts'
import {
  alignTo,
  pick,
  range,
  reshape,
  sizeOf,
  requireBits,
  requireChecked,
  stack,
  transpose,
  withBits,
  type Secret
} from './secret.ts'
import { planned } from '../plan/rehearse.ts'

export interface InverseOptions {
  /** Matrices with a larger condition number than about 2^this are reported as not invertible. 10 by default. */
  readonly conditionBits?: number
  readonly fraction?: number
}

/**
 * Inverse of a real m x m matrix. valid = 0 for singular and too badly conditioned ones.
 *
 * A is scaled by a secret power of two so that its Frobenius norm lies in [1/2, 1), then Newton-Schulz from the transpose: with a
 * condition number of 2^c the smallest eigenvalue of B B^T is at least 2^-(2c + 2) / m.
 *
 * - Shapes: m x m; the result too, and one flag.
 * - Accuracy: 2^-20 relative to the norm of the inverse (2^-24 from the verdict, the rest rounding), and the truncation error
 *   in the last place.
 * - Cost: two comparisons, about 1.1 conditionBits + log2(m) / 2 + 14 rounds; m^2 or 2 m^2 elements of degree 2t in each.
 * - Security: that of the comparisons, products and truncations it is made of: nothing else is opened, the verdict included.
 * @see Ben-Israel, Cohen 1966 for the start and its convergence; `newtonSchulz`.
 * @cost n = 3, 2 x 2 elements: passive 34 rounds, 9416 bytes; active, proved 69 rounds, 30128 bytes
 * @cost n = 4, 2 x 2 elements: passive 39 rounds, 137856 bytes; active, proved 102 rounds, 164106 bytes
 */
export function inverse(party: Party, a: Secret, options: InverseOptions = {}): Promise<Partial> {
  return planned(party, 'inverse', [a, options], op => inverseSteps(op, a, options))
}

async function inverseSteps(op: Party, a: Secret, options: InverseOptions): Promise<Partial> {
  requireChecked('inverse', a)
  const size = a.rows
  if (size !== a.columns) throw shapeError('inverse', `A ${a.rows} x ${a.columns} matrix has no inverse.`)
  const { conditionBits = 10, fraction = Math.max(16, a.fraction) } = options
  const course = planCourse(op, 'inverse', 2 * conditionBits + 2 + Math.log2(size), size, 0)
  const { working } = course
  const { field } = op
  const norm: Omit<Secret, 'shares'> = { rows: 1, columns: 1, fraction: 0, bits: 2 * a.bits + 2 * Math.log2(size) }
  requireBits(op, 'inverse', norm)
  // |a_ij|^2 <= the squared norm, so what is scaled stays below 2^half
  const half = widthOf(norm, 2) / 2
  const iteration = await prepareNewtonSchulz(op, course, async stage => {
    const entered = await stage.enter({
      rows: size,
      columns: size,
      whole: half,
      fraction: Math.min(half, working),
      norm: 0
    })
    const b = alignTo(op, entered, working)
    const x = transpose(op, b)
    const [product] = await stage.times([{ left: b, right: x, fraction: working, norm: 0.01 }])
    return { b, x, product: product! }
  })
  const square = matrix(field, a.shares, a.shares, 1, sizeOf(a), 1)
  const made = await reduceProduct(op, joined([square, iteration.products]))
  const scale = await findScale(op, { ...norm, shares: field.slice(made, 0, 1) }, 2)
  const root: Secret = { shares: scale.root, rows: 1, columns: 1, fraction: 0, bits: scale.maxRoot }
  // A = B 2^(width/2) / (root 2^f), so its inverse is X root 2^f / 2^(width/2)
  const place = { ...root, fraction: half - a.fraction }
  const kept = Math.min(fraction, working + place.fraction)
  const { result, converged } = await iteration.play(
    field.slice(made, 1),
    elements(field, a.shares, root.shares),
    async (branch, inverse) => alignTo(branch, await mul(branch, inverse, place, kept), fraction)
  )
  return { value: await mul(op, result, converged), valid: converged }
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
 * columns of very different size do no harm. Its inverse comes from Newton-Schulz.
 *
 * - Shapes: n x m and n; the result has m elements (one more with an intercept), and one flag.
 * - Accuracy: 2^-20 relative to the norm of the scaled solution, and the truncation error in the last place.
 * - Cost: 1 round for the Gram matrix whatever n is, three comparisons, then about conditionBits / 2 + 16 rounds on m x m matrices.
 *   Here conditionBits bounds the smallest eigenvalue of the scaled matrix: 2^-conditionBits.
 * - Security: that of the comparisons, products and truncations it is made of: nothing else is opened, the verdict included.
 * @see docs/spec/mpc.md 5.6; docs/adr/mpc-least-squares.md; `newtonSchulz`.
 * @cost n = 3, 10 x 2 elements: passive 31 rounds, 14040 bytes; active, proved 79 rounds, 37416 bytes
 * @cost n = 4, 10 x 2 elements: passive 38 rounds, 501504 bytes; active, proved 110 rounds, 536748 bytes
 */
export async function leastSquares(
  party: Party,
  a: Secret,
  b: Secret,
  options: LeastSquaresOptions = {}
): Promise<Partial> {
  return planned(party, 'least-squares', [a, b, options], async op => {
    const { value, valid } = await solveLeastSquares(op, a, b, options, false)
    return { value, valid }
  })
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
 * - Shapes: as `leastSquares`, with as many standard errors as coefficients.
 * - Accuracy: 2^-16 relative where the unexplained part 1 - R^2 is above 2^-14; below that the error is at most 2^-16 of
 *   sqrt(X_jj) in scaled units, so a perfect fit gives errors near 0, not exactly 0. And the truncation error.
 * - Cost: that of `leastSquares`, one comparison and one square root more.
 * - Security: as `leastSquares`.
 * - Source: docs/spec/mpc.md 5.9.
 * @cost n = 3, 10 x 2 elements: passive 67 rounds, 29376 bytes; active, proved 222 rounds, 87072 bytes
 * @cost n = 4, 10 x 2 elements: passive 80 rounds, 1497624 bytes; active, proved 353 rounds, 1580220 bytes
 */
export function multipleRegression(
  party: Party,
  a: Secret,
  b: Secret,
  options: LeastSquaresOptions = {}
): Promise<RegressionFit> {
  return planned(party, 'multiple-regression', [a, b, options], op => multipleRegressionSteps(op, a, b, options))
}

async function multipleRegressionSteps(
  op: Party,
  a: Secret,
  b: Secret,
  options: LeastSquaresOptions
): Promise<RegressionFit> {
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
  const { field } = op
  const { conditionBits = 14, fraction = Math.max(16, a.fraction, b.fraction), x0, intercept = false } = options
  requireChecked('least-squares', a, b, x0 ?? {})
  const design = intercept ? withOnes(op, a) : a
  const { rows, columns: size } = design
  if (sizeOf(b) !== rows) throw shapeError('least-squares', `${rows} rows against ${sizeOf(b)} values.`)
  if (rows < size) throw shapeError('least-squares', `${rows} rows do not determine ${size} coefficients.`)
  if (x0 && sizeOf(x0) !== size)
    throw shapeError('least-squares', `x0 has ${sizeOf(x0)} elements for ${size} coefficients.`)
  const target = x0
    ? sub(op, reshape(b, rows, 1), await matmul(op, design, reshape(x0, size, 1), b.fraction))
    : reshape(b, rows, 1)
  // eigenvalues down to half of what is promised, so that rounding takes none away
  const course = planCourse(op, 'least-squares', conditionBits + 1, size, 4 + Math.log2(size))
  const { working } = course

  const side = size + 1
  const bits = Math.max(design.bits, target.bits)
  const augmented = beside(op, { ...design, fraction: 0, bits }, { ...target, fraction: 0, bits })
  const gramShape = { rows: side, columns: side, fraction: 0, bits: 2 * bits + Math.log2(rows) }
  requireBits(op, 'least-squares', gramShape)
  // The norm of the square part of what is scaled is below its trace < m: divided by 2^guard it is below 1, and the solution of that system
  // is 2^guard times larger. Both are cut from the same products.
  const guard = Math.ceil(Math.log2(size))
  const width = widthOf(gramShape, 2)
  const lift = Math.max(0, working - width - guard)
  const cells = Array.from({ length: size * size }, (_, i) => Math.floor(i / size) * side + (i % size))
  const iteration = await prepareNewtonSchulz(op, course, async stage => {
    const entered = await stage.enter({
      rows: side * side + cells.length,
      columns: 1,
      whole: width + guard + lift,
      fraction: working,
      norm: 0
    })
    const all = { ...entered, bits: working + 0.01 }
    const b = reshape(range(op, all, side * side, all.rows), size, size)
    const system = range(op, all, 0, side * side)
    return { b, x: stage.constant(identity(op, size, working)), product: b, beside: system }
  })
  const gramProduct = matrix(field, transpose(op, augmented).shares, augmented.shares, side, rows, side)
  const made = await reduceProduct(op, joined([gramProduct, iteration.products]))
  const gram: Secret = { ...gramShape, shares: field.slice(made, 0, side * side) }
  const diagonal = pick(
    op,
    gram,
    Array.from({ length: side }, (_, i) => i * (side + 1))
  )
  const normal = await findScale(op, diagonal, 2)
  const root: Secret = { shares: normal.root, rows: side, columns: 1, fraction: 0, bits: normal.maxRoot }
  const across = Array.from({ length: side * side }, (_, i) => i % side)
  const down = Array.from({ length: side * side }, (_, i) => Math.floor(i / side))
  const halves = await mul(op, reshape(gram, side * side, 1), pick(op, root, across))
  // By Cauchy-Schwarz |g_ij| r_i r_j <= sqrt(g_ii r_i^2 g_jj r_j^2) < 2^width
  const halfway = withBits(halves, width / 2 + gram.bits / 2)
  const scaled = elements(
    field,
    field.scale(
      field.concat([scaleInteger(op, halfway, 2n ** BigInt(guard)).shares, pick(op, halfway, cells).shares]),
      2n ** BigInt(lift)
    ),
    field.concat([
      pick(op, root, down).shares,
      pick(
        op,
        root,
        cells.map(at => Math.floor(at / side))
      ).shares
    ])
  )

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
  /** From scaled units to those of the data: times r_j / r_b. */
  const unscale = async (branch: Party, scaled: Secret): Promise<Secret> => {
    const widened = await mul(branch, { ...scaled, fraction: working + guard }, own, spare)
    const result = await mul(branch, widened, pick(op, inverseRoot, [size]), fraction + offset)
    // where more fraction bits are asked for than the product has
    return { ...alignTo(branch, result, fraction + offset), fraction }
  }
  const { result, converged } = await iteration.play(
    field.slice(made, side * side),
    scaled,
    async (branch, x, system) => {
      const right = pick(
        branch,
        system!,
        Array.from({ length: size }, (_, i) => i * side + size)
      )
      const solution = await matmul(branch, x, right, working)
      return { x, system: system!, right, solution, unscaled: await unscale(branch, solution) }
    }
  )
  const { x, system, right, solution, unscaled } = result
  const found = await mul(op, unscaled, converged)
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
  const standardErrors = await mul(op, await unscale(op, averaged), converged)
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
