import type { Field, Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { openChecked } from './open.ts'

/**
 * A uniform public element that nobody knew before all parties had received everything that was sent before. 2 rounds.
 *
 * The first round only says "I am here". Without it t + 1 parties could open the coin while another honest one still waits
 * for a message of a corrupt party, who would then choose that message by the coin and pass the check with a wrong product.
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
  let out = field.constant(1n)
  let step = r
  while (field.length(out) < count) {
    out = field.concat([out, field.scale(out, step)])
    step = (step * step) % field.p
  }
  return field.slice(out, 0, count)
}
