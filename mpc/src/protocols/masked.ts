import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { openChecked, openTrusting } from './open.ts'
import { verifyProducts } from './verify.ts'

/**
 * Opens masked values of degree t to all nodes, as the security mode asks.
 *
 * In active mode every product of this branch is checked before: a mask of bounded size hides only values of the size that was
 * promised, and an unchecked product may be off by anything a corrupt node chose. Then the opening is tested (or corrected).
 * Cost: passive as `openTrusting`; active as `openChecked`, after `verifyProducts` if products are pending.
 *
 * - Shapes: k shares of degree t in, k public elements out.
 * - Security: that of the session's mode. It opens what the caller has masked: the margin is the caller's.
 * @see docs/spec/mpc.md 4.1.
 * @cost n = 3, 4 elements: passive 2 rounds, 192 bytes; active, proved 6 rounds, 904 bytes
 * @cost n = 4, 4 elements: passive 2 rounds, 288 bytes; active, proved 10 rounds, 1290 bytes
 */
export async function openMasked(party: Party, shares: Vec): Promise<Vec> {
  if (party.session.rehearsal) return party.field.zeros(party.field.length(shares))
  if (!party.active) return openTrusting(party, shares)
  await verifyProducts(party)
  return (await openChecked(party, shares)).values
}

/**
 * Runs branches of a program side by side, in rounds that overlap. Products made before are checked first, so each branch may
 * open what depends on them; what the branches leave unchecked is settled by the caller's next check, in branch order.
 *
 * - Shapes: those of the branches.
 * - Security: that of the session's mode: each branch proves its own products before it opens.
 * @see docs/spec/mpc.md 4.2, concurrent branches.
 * @cost n = 3, 2 x 3 elements: passive 1 round, 384 bytes; active, proved 6 rounds, 2712 bytes
 * @cost n = 4, 2 x 3 elements: passive 1 round, 384 bytes; active, proved 10 rounds, 3966 bytes
 */
export async function parallel<T extends readonly unknown[]>(
  party: Party,
  branches: { readonly [K in keyof T]: (branch: Party) => Promise<T[K]> }
): Promise<T> {
  await verifyProducts(party)
  const own = branches.map((_, i) => party.branch(`branch ${i}`))
  const results = await Promise.all(branches.map((run, i) => run(own[i]!)))
  for (const branch of own) party.ledger.absorb(branch.ledger)
  return results as unknown as T
}
