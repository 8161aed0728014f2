import { parameterError, shapeError } from '../errors.ts'
import { type Field, type Vec } from '../field/field.ts'
import { modInverse } from '../field/prime.ts'

/** Party `index` (from 0) holds the value of the polynomial at this point. 0 is the secret's own place. */
export const pointOf = (index: number): bigint => BigInt(index + 1)

const denominators = new Map<string, bigint[]>()
const KNOWN_SETS = 1024

/** 1 / product of (x_i - x_j) for each i: depends on the points alone, which are few in a program. */
function inverseDenominators(points: readonly bigint[], p: bigint): bigint[] {
  const name = `${p}/${points.join()}`
  let found = denominators.get(name)
  if (!found) {
    found = points.map((xi, i) => {
      let product = 1n
      points.forEach((xj, j) => {
        if (j !== i) product = (product * (xi - xj + p)) % p
      })
      return modInverse(product, p)
    })
    if (denominators.size < KNOWN_SETS) denominators.set(name, found)
  }
  return found
}

/** The values at `at` of the Lagrange basis over `points`: public constants. */
export function lagrange(points: readonly bigint[], at: bigint, p: bigint): bigint[] {
  const differences = points.map(x => (((at - x) % p) + p) % p)
  // the product of all differences but one, from both sides
  const values = [...inverseDenominators(points, p)]
  let [before, after] = [1n, 1n]
  for (let i = 0, j = points.length - 1; j >= 0; i++, j--) {
    values[i] = (values[i]! * before) % p
    values[j] = (values[j]! * after) % p
    before = (before * differences[i]!) % p
    after = (after * differences[j]!) % p
  }
  return values
}

/** One party's share vector, as others see it. */
export interface Row {
  readonly index: number
  readonly shares: Vec
}

/**
 * Shamir's scheme over F_p: n parties, polynomials of degree t = T - 1, honest majority (2t + 1 <= n).
 * @see Shamir: "How to share a secret", CACM 1979.
 */
export class Shamir {
  readonly field: Field
  readonly n: number
  readonly t: number
  readonly #bases = new Map<string, readonly Vec[]>()

  /** @throws MPC_PARAMETERS unless 3 <= n <= 32, t >= 1 and 2t + 1 <= n. */
  constructor(field: Field, n: number, t: number) {
    if (!Number.isInteger(n) || !Number.isInteger(t) || n < 3 || n > 32 || t < 1 || 2 * t + 1 > n) {
      throw parameterError(
        'sharing',
        `${n} nodes with degree ${t} have no honest majority.`,
        'Choose N >= 3 and T with 2(T-1)+1 <= N.'
      )
    }
    this.field = field
    this.n = n
    this.t = t
  }

  /** Rows for all parties. `coefficients` holds `degree` uniform vectors as long as `secrets`. */
  split(secrets: Vec, coefficients: readonly Vec[]): Vec[] {
    return Array.from({ length: this.n }, (_, index) => {
      let value = this.field.zeros(this.field.length(secrets))
      const point = this.field.constant(pointOf(index))
      for (const coefficient of [...coefficients].reverse())
        value = this.field.mul(this.field.add(value, coefficient), point)
      return this.field.add(value, secrets)
    })
  }

  /** The value at `at` (0: the secrets) from exactly degree + 1 rows. No redundancy is checked here. */
  interpolate(rows: readonly Row[], at = 0n): Vec {
    return this.field.combine(
      this.#basis(
        rows.map(row => row.index),
        at
      ),
      rows.map(row => row.shares)
    )
  }

  /** Of the few sets of parties that a session opens from. */
  #basis(parties: readonly number[], at: bigint): readonly Vec[] {
    const name = `${parties.join()}/${at}`
    let found = this.#bases.get(name)
    if (!found) {
      found = lagrange(parties.map(pointOf), at, this.field.p).map(value => this.field.constant(value))
      if (this.#bases.size < KNOWN_SETS) this.#bases.set(name, found)
    }
    return found
  }

  /** Whether all rows lie on polynomials of this degree: every row beyond degree + 1 must be where the others say. */
  consistent(rows: readonly Row[], degree: number): boolean {
    if (rows.length < degree + 1) throw shapeError('consistent', 'Too few rows for this degree.')
    const base = rows.slice(0, degree + 1)
    let difference = 0
    for (const row of rows.slice(degree + 1)) {
      const expected = this.interpolate(base, pointOf(row.index))
      for (let i = 0; i < expected.length; i++) difference |= expected[i]! ^ row.shares[i]!
    }
    return difference === 0
  }
}
