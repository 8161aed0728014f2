import { modInverse } from '../field/prime.ts'
import { parameterError } from '../errors.ts'
import { pointOf } from './shamir.ts'

/** More key sets than this make local randomness dearer than the protocols it serves. */
export const MAX_SETS = 128

/**
 * The sets of n - t parties that share a key each: for any t parties there is one set that holds none of them.
 * Ordered by the parties that are left out, so all nodes number the sets alike.
 */
export function keySets(n: number, t: number): readonly (readonly number[])[] {
  const out: number[][] = []
  const choose = (from: number, excluded: number[]): void => {
    if (excluded.length === t) {
      out.push(Array.from({ length: n }, (_, i) => i).filter(i => !excluded.includes(i)))
      return
    }
    for (let i = from; i < n; i++) choose(i + 1, [...excluded, i])
  }
  choose(0, [])
  if (out.length > MAX_SETS) {
    throw parameterError(
      'sharing',
      `${n} nodes with degree ${t} need ${out.length} shared keys; at most ${MAX_SETS} are supported.`
    )
  }
  return out
}

/** f_A(x): of degree t, 1 at 0 and 0 at every party outside the set. */
export function setPolynomial(set: readonly number[], n: number, at: bigint, p: bigint): bigint {
  let value = 1n
  for (let i = 0; i < n; i++) {
    if (set.includes(i)) continue
    const point = pointOf(i)
    value = (value * ((((point - at) % p) + p) % p)) % p
    value = (value * modInverse(point, p)) % p
  }
  return value
}
