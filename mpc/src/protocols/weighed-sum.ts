import type { Field, Vec } from '../field/field.ts'
import { powers } from './coin.ts'

/** v_0 rho + v_1 rho^2 + ... + v_(k-1) rho^k + v_k: the last element, a mask, is not weighed. */
export function weighedSum(field: Field, v: Vec, rho: bigint): Vec {
  const count = field.length(v) - 1
  const weights = field.scale(powers(field, rho, count), rho)
  return field.add(field.dot(weights, field.slice(v, 0, count)), field.slice(v, count))
}
