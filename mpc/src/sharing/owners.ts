import type { Vec } from '../field/vec.ts'

/** Vectors of shares that came out of an owner's package: nobody has checked that their values keep to a bound. */
const dealt = new WeakSet<Vec>()

/** Remembers where a vector comes from, for as long as it lives. */
export function fromOwner(shares: Vec): Vec {
  dealt.add(shares)
  return shares
}

export const isFromOwner = (shares: Vec): boolean => dealt.has(shares)
