import { MpcError } from '../errors.ts'
import { roomOf } from '../plan/room.ts'
import type { Vec } from '../field/field.ts'
import { parallel } from '../protocols/masked.ts'
import { joined, type LocalProduct } from '../protocols/product.ts'
import { truncationError } from '../protocols/truncate.ts'
import type { Party } from '../session/party.ts'
import { add, publicValue, sub } from './arithmetic.ts'
import { lt } from './compare.ts'
import { alignTo, reshape, type Secret } from './secret.ts'
import { Performance, Preparation, type Stage } from './veiled.ts'

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

/** What is inverted, where the iteration starts, and their product b x, all with `working` fraction bits. */
export interface Start {
  readonly b: Secret
  readonly x: Secret
  readonly product: Secret
  /** What else entered, for `use`. */
  readonly beside?: Secret
}

/** An iteration whose products of veils are still to be made. */
export interface PreparedIteration {
  readonly products: LocalProduct
  /**
   * @param prepared shares of `products`
   * @param given what enters at the start
   * @param use goes on with the inverse beside the verdict
   */
  play<T>(
    prepared: Vec,
    given: LocalProduct,
    use: (branch: Party, inverse: Secret, beside: Secret | undefined) => Promise<T>
  ): Promise<{ result: T; converged: Secret }>
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
 * - Cost: one round for what enters, one a step (two if not coupled), 3 for residual and refinement; m^2 to 2 m^2 elements in each
 *   (`Performance`). The products of veils are as many elements, made in one round before. The verdict is one comparison
 *   beside the refinement.
 * - Security: whatever b is, no opened value exceeds its mask: the norm of X after k steps is at most the product of their 2s, those
 *   of R and S at most about 1 (docs/spec/mpc.md 5.6).
 * - Accuracy: the residual of the result is below 2^-24 in norm where `converged` is 1, besides rounding: m (C + 1)/2 units of 2^-working.
 * @see Schulz 1933; Pan, Schreiber 1991 for scaled steps.
 * @cost n = 3, 2 x 2 elements: passive 13 rounds, 3000 bytes; active, proved 31 rounds, 12202 bytes
 * @cost n = 4, 2 x 2 elements: passive 17 rounds, 7056 bytes; active, proved 46 rounds, 16497 bytes
 */
export async function prepareNewtonSchulz(
  op: Party,
  course: Course,
  start: (stage: Stage) => Promise<Start>
): Promise<PreparedIteration> {
  const preparation = new Preparation(op)
  const begun = await start(preparation)
  const veils = await approach(op, preparation, begun, course)
  const veil = await refine(op, preparation, veils, course)
  return {
    products: joined(preparation.products),
    async play(prepared, given, use) {
      const stage = new Performance(op, preparation, prepared)
      await stage.begin([given])
      const started = stage.isSilent ? null : await start(stage)
      const seen = started && (await approach(op, stage, started, course))
      const pairs: (readonly [Secret | null, Secret])[] = [[seen && seen.square, veils.square]]
      if (begun.beside) pairs.push([started && started.beside!, begun.beside])
      const [square, beside] = await stage.leave(pairs)
      const [converged, result] = await parallel(op, [
        async branch => lt(branch, square!, publicValue(branch, [2 ** (-2 * RESIDUAL_BITS)], VERDICT_FRACTION)),
        async branch => {
          const found = seen && (await refine(branch, stage, seen, course))
          const [inverse] = await stage.leave([[found, veil]])
          return use(branch, inverse!, beside)
        }
      ])
      return { result, converged }
    }
  }
}

interface Approached {
  /** X (I + S), where S is the residual. */
  readonly once: Secret
  readonly power: Secret
  /** The square of the Frobenius norm of S. */
  readonly square: Secret
}

/** All steps, and the residual. */
async function approach(op: Party, stage: Stage, start: Start, course: Course): Promise<Approached> {
  const { working, growth } = course
  const { b } = start
  const size = b.rows
  const x = await iterate(op, stage, start, course)
  const [image] = await stage.times([{ left: b, right: x, fraction: working, norm: 1.1 }])
  const residual = sub(op, stage.constant(identity(op, size, working)), image!)
  const s = { ...residual, bits: working + 0.5 }
  const [both, square] = await stage.times([
    { left: above(op, x, s), right: s, fraction: working, norm: growth + 1 },
    {
      left: reshape(s, 1, size * size),
      right: reshape(s, size * size, 1),
      fraction: VERDICT_FRACTION,
      norm: 1.1 + Math.log2(size)
    }
  ])
  return {
    once: { ...add(op, x, rowsOf(op, both!, 0, size)), bits: working + growth + 1.5 },
    power: { ...rowsOf(op, both!, size, 2 * size), bits: working + 1.1 },
    square: square!
  }
}

/** X (I + S) (I + S^2). */
async function refine(op: Party, stage: Stage, { once, power }: Approached, course: Course): Promise<Secret> {
  const { working, growth } = course
  const [more] = await stage.times([{ left: once, right: power, fraction: working, norm: growth + 2.6 }])
  return { ...add(op, once, more!), bits: working + growth + 3.1 }
}

async function iterate(op: Party, stage: Stage, start: Start, { eighths, working, coupled }: Course): Promise<Secret> {
  const { b } = start
  const size = b.rows
  const unit = (factor: number, fraction: number): Secret => stage.constant(identity(op, size, fraction, factor))
  const rest = (product: Secret, s: number): Secret => ({
    ...sub(op, unit(1, working + 3), eighth(op, product, s)),
    bits: working + 3.2
  })
  let { x } = start
  let r = rest(start.product, eighths[0]!)
  let grown = 0
  for (const [step, s] of eighths.entries()) {
    const next = eighths[step + 1]
    grown += Math.log2(s / 4)
    const norm = Math.max(grown + 0.2, 1.1)
    const plus = eighth(op, x, s)
    if (coupled && next !== undefined) {
      const left = above(op, plus, eighth(op, r, next))
      const [both] = await stage.times([{ left, right: r, fraction: working, norm, plus }])
      x = rowsOf(op, both!, 0, size)
      const square = { ...rowsOf(op, both!, size, 2 * size), bits: working + 1.1 }
      r = { ...add(op, square, unit(1 - next / 8, working)), bits: working + 0.2 }
    } else {
      const [stepped] = await stage.times([{ left: plus, right: r, fraction: working, norm, plus }])
      x = stepped!
      if (next === undefined) continue
      const [product] = await stage.times([{ left: b, right: x, fraction: working, norm: 1.1 }])
      r = rest(product!, next)
    }
  }
  return x
}
