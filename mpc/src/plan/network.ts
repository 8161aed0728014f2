import { Field } from '../field/field.ts'
import { Shamir } from '../sharing/shamir.ts'
import { keySets } from '../sharing/subsets.ts'
import { checkParameters, DEFAULT_STATISTICAL_BITS, type NumberFormat } from './room.ts'

/** A network as a host declares it, before there is a session. `t` is T - 1. */
export interface NetworkShape extends NumberFormat {
  readonly prime: bigint
  readonly n: number
  readonly t: number
  readonly statisticalBits?: number
}

/**
 * What `Party.create` would refuse, before anything is set up: for hosts at start-up.
 * @throws MPC_PARAMETERS with a sentence that says which number is in the way.
 */
export function checkNetwork(shape: NetworkShape): void {
  const { prime, n, t, wholeBits, fractionBits, statisticalBits = DEFAULT_STATISTICAL_BITS } = shape
  const field = Field.of(prime)
  new Shamir(field, n, t)
  const setCount = keySets(n, t).length
  checkParameters({ n, threshold: t + 1, wholeBits, fractionBits, bits: field.bits, setCount, statisticalBits })
}
