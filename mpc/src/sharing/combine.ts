import { MpcError, shapeError } from '../errors.ts'
import { Field, type Vec } from '../field/field.ts'
import { reconstruct } from './robust.ts'
import { Shamir, type Row } from './shamir.ts'

export interface Sharing {
  readonly prime: bigint
  readonly n: number
  /** Degree: T - 1. */
  readonly t: number
}

export interface Combined {
  readonly values: Vec
  /** Nodes whose shares were wrong and were corrected (N >= 3(T-1)+1 only). */
  readonly wrong: readonly number[]
  /** Whether at least 2T - 1 shares agreed, so that at least T of them are honest: with fewer, t wrong rows can go unnoticed. */
  readonly verified: boolean
}

/**
 * Puts a result together from the nodes' shares and checks them: all rows that came must lie on one polynomial of degree t.
 * @throws MPC_UNRECOVERABLE if they do not and cannot be corrected, or if fewer than 2T - 1 came and `allowUnverified` is not set.
 */
export function combine(rows: readonly Row[], { prime, n, t }: Sharing, { allowUnverified = false } = {}): Combined {
  const field = Field.of(prime)
  const shamir = new Shamir(field, n, t)
  const indices = new Set(rows.map(row => row.index))
  if (indices.size !== rows.length || rows.some(({ index }) => !Number.isInteger(index) || index < 0 || index >= n)) {
    throw shapeError('combine', 'The rows name a node twice, or one that does not exist.')
  }
  if (rows.some(row => row.shares.length !== rows[0]!.shares.length || !field.valid(row.shares))) {
    throw shapeError('combine', 'The rows differ in length or hold what is no field element.')
  }
  const verified = rows.length >= 2 * t + 1
  if (rows.length < t + 1 || (!verified && !allowUnverified)) {
    throw new MpcError(
      { code: 'MPC_UNRECOVERABLE', what: 'too few shares' },
      `Only ${rows.length} of ${n} nodes answered; a checked result needs ${2 * t + 1}.`,
      { hint: 'With allowUnverified, T shares give an unchecked value.' }
    )
  }
  const { values, wrong } = reconstruct(shamir, rows)
  return { values, wrong, verified }
}
