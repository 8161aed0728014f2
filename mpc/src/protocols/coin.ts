import type { Field, Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { openChecked } from './open.ts'

/**
 * A uniform public element that nobody knew before all parties had received everything that was sent before. 2 rounds.
 *
 * The first round only says "I am here". Without it t + 1 parties could open the coin while another honest one still waits
 * for a message of a corrupt party, who would then choose that message by the coin and pass the check with a wrong product.
 * @cost n = 3, input of harness/catalogue: passive 2 rounds, 50 bytes; active, proved, 2 rounds, 50 bytes
 */
export async function toss(party: Party): Promise<bigint> {
  const op = party.operation('coin')
  const step = op.step()
  for (const to of op.others) await op.sendBytes(to, step, Uint8Array.of(1))
  await Promise.all(op.others.map(from => op.receiveBytes(from, step, 1)))
  const { values } = await openChecked(op, op.random(1))
  return op.field.toBigints(values)[0]!
}

/** 1, r, r^2, ... as a vector of `count` public elements. */
export function powers(field: Field, r: bigint, count: number): Vec {
  const out = field.zeros(count)
  if (count > 0) out.set(field.constant(1n))
  let step = r
  for (let have = 1; have < count; have *= 2) {
    const more = Math.min(have, count - have)
    field.mul(field.slice(out, 0, more), field.constant(step), field.slice(out, have, have + more))
    step = (step * step) % field.p
  }
  return out
}
