import { MpcError } from '../errors.ts'
import { roomOf } from '../plan/room.ts'
import type { Vec } from '../field/field.ts'
import { parallel } from '../protocols/masked.ts'
import { matrix } from '../protocols/product.ts'
import { truncateProduct, truncationError } from '../protocols/truncate.ts'
import type { Party } from '../session/party.ts'
import { add, dot, publicValue, sub } from './arithmetic.ts'
import { lt } from './compare.ts'
import { alignTo, type Secret } from './secret.ts'

/** factor * 2^fraction must be a whole number. */
export function identity({ field }: Party, size: number, fraction: number, factor = 1): Secret {
  const shares = field.zeros(size * size)
  const one = field.constant(BigInt(factor * 2 ** fraction))
  for (let i = 0; i < size; i++) shares.set(one, i * (size + 1) * field.limbs)
  return { shares, rows: size, columns: size, fraction, bits: fraction + Math.max(0, Math.log2(Math.abs(factor))) }
}

/** The inverse is accepted if the Frobenius norm of I - BX is below 2^-6; the refinement takes that to the fourth power. */
const RESIDUAL_BITS = 6
/** Fraction bits of the square of that norm: a few more than tell 2^-12 from 0. */
const VERDICT_FRACTION = 20
const LEAST_BITS = 32
const MOST_BITS = 48

/** How an iteration will run; known to all before anything is sent. */
export interface Course {
  /** The factor of each step, in eighths. */
  readonly eighths: readonly number[]
  /** log2 of the norm of the result, for any input. */
  readonly growth: number
  /** Fraction bits of everything. */
  readonly working: number
  /** One round a step, not two: rounding errors stay small enough. */
  readonly coupled: boolean
}

/**
 * For matrices B and starts X with eigenvalues of B X in [2^-spread, 1].
 *
 * A step takes an eigenvalue v of BX to s v (2 - s v). With s = 1 that doubles a small one; s = 15/8 multiplies it by 3.75 and
 * leaves the large ones above 0.23. When all are that large, s goes down to 1, and 1 - v is squared each time.
 * @throws MPC_RANGE if the field leaves too few working bits. `spare` bits are for what the caller does with the result.
 */
export function planCourse(party: Party, what: string, spread: number, size: number, spare: number): Course {
  const eighths: number[] = []
  let low = 2 ** -spread
  while ((1 - low) * Math.sqrt(size) > 2 ** -(RESIDUAL_BITS + 1)) {
    const s = Math.floor(Math.min(15, 16 / (1 + low)))
    const image = (v: number): number => (s / 8) * v * (2 - (s / 8) * v)
    eighths.push(s)
    low = Math.min(image(low), image(1))
  }
  const growth = eighths.reduce((sum, s) => sum + Math.log2(s / 4), 0)
  const { valueBits } = roomOf(party.session)
  const working = Math.min(MOST_BITS, Math.floor((valueBits - growth - Math.max(7, 3 + spare)) / 2))
  if (working < LEAST_BITS) {
    throw new MpcError(
      { code: 'MPC_RANGE', what, bits: working, limitBits: LEAST_BITS },
      `${what}: this modulus leaves ${working} working bits, too few to tell whether the iteration converged.`,
      { hint: 'Use the 164-bit modulus, or lower conditionBits.' }
    )
  }
  // each step rounds a matrix of size^2 elements, and no later steps enlarge that more than 2^growth times: docs/spec/mpc.md 5.6
  const rounding = Math.log2(size * truncationError(party.session.setCount)) - working
  return { eighths, growth, working, coupled: rounding + growth <= -5 }
}

/** left right + plus, at `fraction` bits, where no element of the exact result exceeds 2^norm; `plus` may have fewer rows. 1 round. */
async function times(
  op: Party,
  left: Secret,
  right: Secret,
  { fraction, norm, plus }: { fraction: number; norm: number; plus?: Secret }
): Promise<Secret> {
  const { field } = op
  const whole = left.fraction + right.fraction
  const product = matrix(field, left.shares, right.shares, left.rows, left.columns, right.columns)
  let added: Vec | undefined
  if (plus) {
    added = field.zeros(product.count)
    added.set(field.scale(plus.shares, 2n ** BigInt(whole - plus.fraction)))
  }
  const shares = await truncateProduct(op, product, whole - fraction, whole + norm, added)
  return { shares, rows: left.rows, columns: right.columns, fraction, bits: fraction + norm }
}

/** Two matrices of one width, one above the other. */
function above(op: Party, top: Secret, bottom: Secret): Secret {
  const fraction = Math.max(top.fraction, bottom.fraction)
  const [x, y] = [alignTo(op, top, fraction), alignTo(op, bottom, fraction)]
  const shares = op.field.concat([x.shares, y.shares])
  return { shares, rows: x.rows + y.rows, columns: x.columns, fraction, bits: Math.max(x.bits, y.bits) }
}

const rowsOf = (op: Party, m: Secret, from: number, to: number): Secret => ({
  ...m,
  shares: op.field.slice(m.shares, from * m.columns, to * m.columns),
  rows: to - from
})

/** s/8 of a matrix, exactly: three more fraction bits. */
const eighth = (op: Party, m: Secret, s: number): Secret => ({
  ...m,
  shares: op.field.scale(m.shares, BigInt(s)),
  fraction: m.fraction + 3,
  bits: m.bits + Math.log2(s)
})

export interface Start {
  readonly x: Secret
  /** b x, with `working` fraction bits. */
  readonly product: Secret
}

/**
 * The inverse X of b (norm at most 1), and whether the iteration converged: Newton-Schulz, X <- s X (2I - s B X), as `planCourse` says.
 *
 * With R = I - s B X a step is X <- s (X + X R), and the next R is (1 - s') I + s' R^2, which needs neither B nor the new X: both
 * products have R on the right and are one round. Errors of rounding are not corrected that way, so where they could matter R is
 * computed from X each time, in a round of its own. In the end the residual S = I - B X is computed afresh; it decides on
 * the verdict, and X (I + S) (I + S^2) refines the result. `use` goes on with that beside the verdict.
 *
 * - Shapes: b and the start are m x m with `working` fraction bits.
 * - Cost: one round a step (two if not coupled), 3 for residual and refinement; m^2 to 2 m^2 elements of degree 2t in each. The verdict
 *   is one comparison beside the refinement.
 * - Security: whatever b is, no opened value exceeds its mask: the norm of X after k steps is at most the product of their 2s, those
 *   of R and S at most about 1 (docs/spec/mpc.md 5.6).
 * - Accuracy: the residual of the result is below 2^-24 in norm where `converged` is 1, besides rounding: m (C + 1)/2 units of 2^-working.
 * @see Schulz 1933; Pan, Schreiber 1991 for scaled steps.
 * @cost n = 3, 2 x 2 elements: passive 11 rounds, 2784 bytes; active, proved 54 rounds, 14834 bytes
 * @cost n = 4, 2 x 2 elements: passive 15 rounds, 5640 bytes; active, proved 89 rounds, 18903 bytes
 */
export async function newtonSchulz<T>(
  op: Party,
  b: Secret,
  start: Start,
  course: Course,
  use: (branch: Party, inverse: Secret) => Promise<T>
): Promise<{ result: T; converged: Secret }> {
  const { working, growth } = course
  const size = b.rows
  const x = await iterate(op, b, start, course)
  const residual = sub(op, identity(op, size, working), await times(op, b, x, { fraction: working, norm: 1.1 }))
  const s = { ...residual, bits: working + 0.5 }
  const [converged, result] = await parallel<[Secret, T]>(op, [
    async branch => {
      const square = await dot(branch, s, s, VERDICT_FRACTION)
      const bound = { ...square, bits: VERDICT_FRACTION + 1.1 + Math.log2(size) }
      return lt(branch, bound, publicValue(branch, [2 ** (-2 * RESIDUAL_BITS)], VERDICT_FRACTION))
    },
    async branch => {
      const both = await times(branch, above(branch, x, s), s, { fraction: working, norm: growth + 1 })
      const once = { ...add(branch, x, rowsOf(branch, both, 0, size)), bits: working + growth + 1.5 }
      const square = { ...rowsOf(branch, both, size, 2 * size), bits: working + 1.1 }
      const more = await times(branch, once, square, { fraction: working, norm: growth + 2.6 })
      return use(branch, { ...add(branch, once, more), bits: working + growth + 3.1 })
    }
  ])
  return { result, converged }
}

async function iterate(op: Party, b: Secret, start: Start, { eighths, working, coupled }: Course): Promise<Secret> {
  const size = b.rows
  const rest = (product: Secret, s: number): Secret => ({
    ...sub(op, identity(op, size, working + 3), eighth(op, product, s)),
    bits: working + 3.2
  })
  let x = start.x
  let r = rest(start.product, eighths[0]!)
  let grown = 0
  for (const [step, s] of eighths.entries()) {
    const next = eighths[step + 1]
    grown += Math.log2(s / 4)
    const norm = Math.max(grown + 0.2, 1.1)
    const scaled = eighth(op, x, s)
    if (coupled && next !== undefined) {
      const both = await times(op, above(op, scaled, eighth(op, r, next)), r, { fraction: working, norm, plus: scaled })
      x = rowsOf(op, both, 0, size)
      const square = { ...rowsOf(op, both, size, 2 * size), bits: working + 1.1 }
      r = { ...add(op, square, identity(op, size, working, 1 - next / 8)), bits: working + 0.2 }
    } else {
      x = await times(op, scaled, r, { fraction: working, norm, plus: scaled })
      if (next !== undefined) r = rest(await times(op, b, x, { fraction: working, norm: 1.1 }), next)
    }
  }
  return x
}
