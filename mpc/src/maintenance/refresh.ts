import { MpcError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import { openChecked } from '../protocols/open.ts'
import { dealFrom } from '../protocols/reshare.ts'
import { toss } from '../protocols/coin.ts'
import type { Party } from '../session/party.ts'
import { weighedSum } from '../protocols/weighed-sum.ts'

/**
 * New shares of the same values, on polynomials that have nothing to do with the old ones: the parties 0..t each add a
 * sharing of zero. t old shares and t new ones together say nothing, because at least one dealer is honest.
 *
 * **The party must hold keys of the new epoch.** A node that was corrupt before may know the old keys, and shares that come
 * from those would follow from what it knew. Erase old shares and old keys once all nodes report success.
 *
 * - Shapes: k shares of degree t in and out.
 * - Cost: 1 round, (n - 1 - t) (k + 1) elements a dealer; active: 2 rounds more (3 for more than three nodes), for a coin and t + 1 opened elements.
 * - Security: that of the session's mode. Active: one random combination of each dealing, behind a dealt mask, is opened and
 *   must be 0 and of degree t; a wrong dealing passes with chance at most (k + 1)/p. Old shares are not checked here.
 * @throws MPC_OPENING if some dealing was no sharing of zeros; keep the old shares then.
 * @see Herzberg, Jarecki, Krawczyk, Yung: "Proactive secret sharing", CRYPTO 1995.
 * @cost n = 3, 4 elements: passive 1 round, 120 bytes; active, proved 3 rounds, 344 bytes
 * @cost n = 4, 4 elements: passive 1 round, 240 bytes; active, proved 4 rounds, 459 bytes
 */
export async function refresh(party: Party, shares: Vec): Promise<Vec> {
  const op = party.operation('refresh')
  const { field } = op
  const count = field.length(shares)
  if (count === 0) return shares
  // one element more: the mask of the check
  const dealt = await Promise.all(
    op.session.present
      .slice(0, op.t + 1)
      .map(dealer => dealFrom(op, dealer, count + 1, 'refresh', (from, to) => field.zeros(to - from)))
  )
  if (op.active) {
    const rho = await toss(op)
    const combined = field.concat(dealt.map(vector => weighedSum(field, vector, rho)))
    const { values } = await openChecked(op, combined, { strict: true })
    if (values.some(word => word !== 0)) {
      op.fail(
        new MpcError(
          { code: 'MPC_OPENING', operation: op.id },
          'A dealing that should refresh shares would have changed their values. The old shares stay in force.'
        )
      )
    }
  }
  if (op.ledger.pending === 0) op.ledger.takeDealings() // they are tested now
  return dealt.reduce((sum, vector) => field.add(sum, field.slice(vector, 0, count)), shares)
}
