import { MpcError, shapeError } from '../errors.ts'
import { loadShares } from '../protocols/load.ts'
import { allWithin, requireCheckable } from '../protocols/range.ts'
import type { Party } from '../session/party.ts'
import { secret, type Secret, type Shape } from './secret.ts'
import type { Vec } from '../field/field.ts'

/**
 * Wraps shares that another owner dealt, after all nodes have proved together that every element keeps to the declared bound.
 * Do it before the first non-linear use: masks and comparisons hide and work only for values within their bounds. The result
 * of a check holds for as long as the shares do, so note it beside them.
 *
 * In active mode `loadShares` comes first: with n >= 3t + 1 a node whose shares do not fit the others' gets them afresh. It is no suspect
 * for that, as their owner may have dealt it wrong ones; with fewer nodes the input is refused with the session.
 *
 * - Shapes: k shares of degree t and a shape in, whose `magnitude` is whole; a `Secret` out.
 * - Cost: see `loadShares` and `isInRange`; 2 rounds more for the verdict.
 * - Security: nodes learn whether all elements are in range, nothing else, also of an input that is not.
 * - Accuracy: exact: the shares are wrapped as they are, or as they were repaired.
 * @throws MPC_RANGE at all nodes if any element is not; MPC_OPENING if the shares are no sharing.
 * @see docs/spec/mpc.md 5.7.
 * @cost n = 3, 1 element: passive 26 rounds, 55848 bytes; active, proved 48 rounds, 61808 bytes
 * @cost n = 4, 1 element: passive 26 rounds, 111264 bytes; active, proved 65 rounds, 121530 bytes
 */
export async function foreignSecret(party: Party, shares: Vec, shape: Shape): Promise<Secret> {
  const op = party.operation('foreign')
  const { unchecked: _, ...value } = secret(op, shares, shape)
  if (!Number.isInteger(shape.magnitude) || shape.magnitude + value.fraction < 0) {
    throw shapeError('foreign', 'The magnitude of an input that is to be checked is a whole number.')
  }
  requireCheckable(op, shape.magnitude + value.fraction)
  const { vectors } = await loadShares(op, [shares])
  const loaded: Secret = { ...value, shares: vectors[0]! }
  if (!(await allWithin(op, loaded.shares, shape.magnitude + value.fraction))) {
    throw new MpcError(
      { code: 'MPC_RANGE', what: 'foreign input', limitBits: shape.magnitude },
      `An input has elements beyond its declared bound of 2^${shape.magnitude}.`,
      { hint: 'Leave this input out, or let its owner declare a wider bound.' }
    )
  }
  return loaded
}
