import { hash, timingSafeEqual } from 'node:crypto'
import { MpcError } from '../errors.ts'
import type { Field, Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { openChecked } from './open.ts'

/**
 * A uniform public element that nobody knew before all parties had received everything that was sent before. 1 round among three
 * parties, else 2.
 *
 * The first round of two only says "I am here". Without it t + 1 parties could open the coin while another honest one still waits
 * for a message of a corrupt party, who would then choose that message by the coin and pass the check with a wrong product.
 *
 * - Shapes: one public element out.
 * - Security: any t corrupt parties: nobody can choose it or know it early, and all honest ones have the same. A party that stays silent ends the session.
 * @see docs/spec/mpc.md 4.2.
 * @cost n = 3, 1 coin: passive 1 round, 128 bytes; active, proved 1 round, 128 bytes
 * @cost n = 4, 1 coin: passive 2 rounds, 75 bytes; active, proved 2 rounds, 75 bytes
 */
export async function toss(party: Party): Promise<bigint> {
  const op = party.operation('coin')
  if (op.n === 3) return tossAmongThree(op)
  const step = op.step()
  for (const to of op.others) await op.sendBytes(to, step, Uint8Array.of(1))
  await Promise.all(op.others.map(from => op.receiveBytes(from, step, 1)))
  const { values } = await openChecked(op, op.random(1))
  return op.field.toBigints(values)[0]!
}

const HALF = 32

/**
 * For each party there are two halves that the other two know from their key: each of them tells it one half, and the hash of the half that
 * the other one tells. So a party has the coin only when both others have received everything, and one that tells a wrong half is
 * caught by the hash of the other.
 */
async function tossAmongThree(op: Party): Promise<bigint> {
  const [next, previous] = [(op.index + 1) % 3, (op.index + 2) % 3]
  // half 0 of party e is told by e + 1, half 1 by e + 2
  const known = (party: number): Halves => {
    const both = op
      .setStream(
        party,
        'coin'
      )(2 * HALF)
      .slice()
    return [both.subarray(0, HALF), both.subarray(HALF)]
  }
  const [ofNext, ofPrevious] = [known(next), known(previous)]
  const commitment = (party: number, half: Uint8Array): Uint8Array =>
    hash('sha256', Buffer.concat([Buffer.from(`enigma/mpc/coin/1/${op.id}/${party}/`), half]), 'buffer')
  const step = op.step()
  await op.sendBytes(next, step, Buffer.concat([ofNext[1], commitment(next, ofNext[0])]))
  await op.sendBytes(previous, step, Buffer.concat([ofPrevious[0], commitment(previous, ofPrevious[1])]))
  const told = await Promise.all([next, previous].map(from => op.receiveBytes(from, step, 2 * HALF)))
  const own = told.map(bytes => bytes.subarray(0, HALF)) as [Uint8Array, Uint8Array]
  const right = own.map((half, i) => timingSafeEqual(commitment(op.index, half), told[1 - i]!.subarray(HALF)))
  if (!right.every(Boolean)) {
    op.fail(
      new MpcError(
        { code: 'MPC_OPENING', operation: op.id },
        'Two parties do not agree on what a third must hear for a coin: one of them is lying.'
      )
    )
  }
  const inOrder = [own, ofNext, ofPrevious].map((halves, i) => [(op.index + i) % 3, halves] as const)
  const all = inOrder.sort(([a], [b]) => a - b).flatMap(([, halves]) => halves)
  const digest = hash('sha512', Buffer.concat([Buffer.from('enigma/mpc/coin-value/1/'), ...all]), 'hex')
  // 512 bits modulo p: uniform up to 2^-256
  return BigInt(`0x${digest}`) % op.field.p
}

type Halves = readonly [Uint8Array, Uint8Array]

/** 1, r, r^2, ... as a vector of `count` public elements. */
export function powers(field: Field, r: bigint, count: number): Vec {
  const out = field.zeros(count)
  if (count > 0) out.set(field.constant(1n))
  let step = r
  for (let have = 1; have < count; have *= 2) {
    const more = Math.min(have, count - have)
    field.mul(field.slice(out, 0, more), field.from([step]), field.slice(out, have, have + more))
    step = (step * step) % field.p
  }
  return out
}
