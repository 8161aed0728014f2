import { isNegative } from '../protocols/compare.ts'
import { reduceProduct } from '../protocols/multiply.ts'
import { elements } from '../protocols/product.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { requireChecked, sizeOf, type Secret } from './secret.ts'

export interface Scale {
  /** Whole bits B: x * factor is in [2^(B - unit), 2^B), or 0 where x = 0. */
  readonly width: number
  /** 2^(unit j), shared; at most 2^(width - unit). */
  readonly factor: Vec
  /** For unit 2: 2^j and 2^(maxRoot - j). */
  readonly root: Vec
  readonly inverseRoot: Vec
  readonly maxRoot: number
}

export interface Normalised extends Scale {
  readonly values: Vec
}

/** Comparisons that cost little more than a few: with no more than this, all thresholds are compared with at once. */
const ONE_LEVEL = 128

/**
 * Shifts secret numbers to the top of their range by a secret power of two, in one or two levels of parallel threshold comparisons.
 *
 * - Shapes: k shares of whole numbers 0 <= x <= 2^bits.
 * - Cost: two comparisons and two products in sequence, about 2 sqrt(bits / unit) comparisons an element; for few elements one
 *   comparison and one product in sequence, bits / unit comparisons an element.
 * - Security: that of `isNegative` and `mul`; nothing is opened besides.
 * - Accuracy: exact.
 * @see docs/spec/mpc.md 5.4.
 * @cost n = 3, 2 elements: passive 8 rounds, 1632 bytes; active, proved 21 rounds, 9950 bytes
 * @cost n = 4, 2 elements: passive 9 rounds, 35136 bytes; active, proved 40 rounds, 47124 bytes
 */
export async function normalise(party: Party, x: Secret, unit: 1 | 2): Promise<Normalised> {
  const { values, ...scale } = await findScale(party, x, unit)
  if (values) return { ...scale, values }
  return {
    ...scale,
    values: await reduceProduct(party.operation('normalised'), elements(party.field, x.shares, scale.factor))
  }
}

/** B of what `normalise` finds. */
export const widthOf = ({ bits }: Pick<Secret, 'bits'>, unit: 1 | 2): number =>
  Math.ceil((Math.floor(bits) + 1) / unit) * unit

/**
 * As `normalise`; the values only where they cost nothing.
 *
 * - Cost: for few elements one comparison.
 * - Shapes, security, accuracy, source: as `normalise`.
 * @cost n = 3, 2 elements: passive 7 rounds, 1584 bytes; active, proved 20 rounds, 9902 bytes
 * @cost n = 4, 2 elements: passive 8 rounds, 35040 bytes; active, proved 31 rounds, 46410 bytes
 */
export async function findScale(party: Party, x: Secret, unit: 1 | 2): Promise<Scale & { readonly values?: Vec }> {
  const op = party.operation('normalise')
  requireChecked('normalise', x)
  const { field } = op
  const width = widthOf(x, unit)
  const groups = width / unit
  const count = sizeOf(x)
  if (count * (groups - 1) <= ONE_LEVEL) {
    const steps = Array.from({ length: groups - 1 }, (_, i) => i + 1)
    const found = await level(op, x.shares, steps, count, unit, width)
    return { width, ...found, maxRoot: groups - 1 }
  }
  const stride = Math.ceil(groups / Math.ceil(Math.sqrt(groups)))
  const coarse = Array.from({ length: Math.ceil(groups / stride) - 1 }, (_, i) => stride * (i + 1))
  const fine = Array.from({ length: stride - 1 }, (_, i) => i + 1)
  const first = await level(op, x.shares, coarse, count, unit, width)
  const shifted = coarse.length === 0 ? x.shares : await reduceProduct(op, elements(field, x.shares, first.factor))
  const second = await level(op, shifted, fine, count, unit, width)
  const products = await reduceProduct(
    op,
    elements(
      field,
      field.concat([shifted, first.factor, first.root, first.inverseRoot]),
      field.concat([second.factor, second.factor, second.root, second.inverseRoot])
    )
  )
  const part = (i: number): Vec => field.slice(products, i * count, (i + 1) * count)
  const maxRoot = (coarse.at(-1) ?? 0) + (fine.at(-1) ?? 0)
  return { width, values: part(0), factor: part(1), root: part(2), inverseRoot: part(3), maxRoot }
}

interface Level {
  readonly factor: Vec
  readonly root: Vec
  readonly inverseRoot: Vec
}

/** Finds the largest step with x < 2^(width - unit * step), as shared powers of two. `steps` is increasing. */
async function level(
  op: Party,
  x: Vec,
  steps: readonly number[],
  count: number,
  unit: number,
  width: number
): Promise<Level> {
  const { field } = op
  const differences = steps.map(step => field.sub(x, field.constant(2n ** BigInt(width - unit * step))))
  const below = steps.length === 0 ? field.zeros(0) : await isNegative(op, field.concat(differences), width)
  const top = steps.at(-1) ?? 0
  // start + sum over steps of [below] * (value(step) - value(step before)): telescopes to the value of the last step below
  const telescope = (value: (step: number) => bigint): Vec => {
    let total = field.fill(field.constant(value(0)), count)
    steps.forEach((step, i) => {
      const change = value(step) - value(i === 0 ? 0 : steps[i - 1]!)
      total = field.add(total, field.scale(field.slice(below, i * count, (i + 1) * count), change))
    })
    return total
  }
  return {
    factor: telescope(step => 2n ** BigInt(unit * step)),
    root: telescope(step => 2n ** BigInt(step)),
    inverseRoot: telescope(step => 2n ** BigInt(top - step))
  }
}
