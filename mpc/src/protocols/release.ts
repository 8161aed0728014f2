import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { verifyProducts } from './verify.ts'

/**
 * Shares of a result as they may leave this node for the receiver: in active mode all products they can depend on are checked
 * first. The receiver tests their degree (`combine` of the client entry); the nodes learn nothing.
 *
 * - Shapes: k shares of degree t in and out.
 * - Security: that of the session's mode: in passive mode nothing is checked.
 * @see docs/spec/mpc.md 4.3.
 * @cost n = 3, 4 elements: passive 0 rounds, 0 bytes; active, proved 0 rounds, 0 bytes
 * @cost n = 4, 4 elements: passive 0 rounds, 0 bytes; active, proved 0 rounds, 0 bytes
 */
export async function release(party: Party, shares: Vec): Promise<Vec> {
  const op = party.operation('release')
  await verifyProducts(op)
  return shares
}
