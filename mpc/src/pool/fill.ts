import { signsOf } from '../bits/convert.ts'
import { randomShared } from '../bits/replicated.ts'
import { rowWords } from '../bits/rows.ts'
import { parameterError } from '../errors.ts'
import { roomOf } from '../plan/room.ts'
import { randomSigns } from '../protocols/random-bits.ts'
import { verifyProducts } from '../protocols/verify.ts'
import type { Party } from '../session/party.ts'
import type { Pool } from './pool.ts'
import type { Kind } from './stock.ts'

/** What to make: for `count` comparisons of numbers of `bits` bits, or for `count` truncations by `shift` bits. */
export type Order =
  | { readonly kind: 'comparison'; readonly count: number; readonly bits: number }
  | { readonly kind: 'truncation'; readonly count: number; readonly shift: number }

/** What an order is counted in, and how many it takes. */
export function needOf(order: Order, n: number): { readonly kind: Kind; readonly count: number } {
  if (order.kind === 'truncation') return { kind: `truncation/${order.shift}`, count: order.count }
  return n === 3 ? { kind: 'bit-signs', count: order.count } : { kind: 'signs', count: (order.bits + 1) * order.count }
}

const MAX_ELEMENTS = 4_000_000

/**
 * Makes one batch; a program of its own, in a session of its own, that all nodes run while nothing else is to do. `number` names
 * the batch at all nodes and is used once.
 *
 * - Shapes: `count` comparisons or truncations; the batch goes to the pool.
 * - Cost: for three nodes 2 elements a comparison and nothing for truncations, which only save computing; for more nodes
 *   bits + 1 signs a comparison.
 * - Security: that of the session's mode; in active mode what goes into the pool is proved.
 * @throws MPC_PARAMETERS if the pool is full or the order too large.
 * @see docs/spec/mpc.md 5.10.
 * @cost n = 3, a batch made and used for 4 comparisons: passive 9 rounds, 1544 bytes; active, proved 22 rounds, 8222 bytes
 * @cost n = 4, a batch made and used for 4 comparisons: passive 9 rounds, 4428 bytes; active, proved 29 rounds, 9675 bytes
 */
export async function fillPool(party: Party, pool: Pool, order: Order, number: number): Promise<void> {
  const op = party.operation('fill')
  const { session, field } = op
  pool.requireSetting(op)
  const { kind, count } = needOf(order, op.n)
  if (!Number.isInteger(count) || count < 1 || count > MAX_ELEMENTS) {
    throw parameterError('pool', `A batch has from 1 to ${MAX_ELEMENTS} elements, not ${count}.`)
  }
  if (order.kind === 'truncation') {
    const { pieceBits } = roomOf(session)
    const { whole, high } = op.bounded(count, pieceBits, order.shift)
    // a view may share its memory with what others read
    return pool.add(op, { number, kind, count, vectors: [whole, high] })
  }
  if (op.n === 3) {
    const bits = randomShared(op, rowWords(count), 'mask')
    const signs = await signsOf(op, bits, count)
    await verifyProducts(op)
    return pool.add(op, { number, kind, count, vectors: [signs], bits })
  }
  const signs = await randomSigns(op, count)
  await verifyProducts(op)
  pool.add(op, { number, kind, count, vectors: [field.concat([signs])] })
}
