import { hash, timingSafeEqual } from 'node:crypto'
import { MpcError } from '../errors.ts'
import type { Party } from '../session/party.ts'
import { needOf, type Order } from './fill.ts'
import { MAX_BATCHES, type Pool } from './pool.ts'
import { Stock, type Batch, type Kind } from './stock.ts'

const LIST_BYTES = 4 * (MAX_BATCHES + 1)

/**
 * Gives this session a stock of its own: whole batches that all nodes have, oldest first, until the orders are covered or nothing
 * is left. They leave the pool at once and never come back, whether they are used or not. The operations of the session draw on
 * the stock from then on, except in branches of `parallel`, whose order is not fixed; without a stock they make what they need.
 *
 * - Shapes: orders in, the numbers of what was reserved out.
 * - Cost: 2 rounds; 260 bytes a kind, and a hash, to each node.
 * - Security: all nodes compare the lists they were sent: two that took different batches for one operation could give away the
 *   difference of two values. A corrupt node can keep others from using a batch.
 * @returns What was reserved, by kind.
 * @throws MPC_MESSAGE if a node told others different lists.
 * @see docs/spec/mpc.md 5.10.
 * @cost n = 3, batches made and used for 4 comparisons and 4 truncations: passive 10 rounds, 2160 bytes; active, proved 23 rounds, 8934 bytes
 * @cost n = 4, batches made and used for 4 comparisons and 4 truncations: passive 10 rounds, 5304 bytes; active, proved 30 rounds, 10743 bytes
 */
export async function reserveStock(
  party: Party,
  pool: Pool,
  orders: readonly Order[]
): Promise<Readonly<Partial<Record<Kind, number>>>> {
  const op = party.operation('reserve')
  const { field } = op
  pool.requireSetting(op)
  const needs = new Map<Kind, number>()
  for (const order of orders) {
    const { kind, count } = needOf(order, op.n)
    needs.set(kind, (needs.get(kind) ?? 0) + count)
  }
  const own = encodeLists([...needs.keys()].map(kind => pool.numbers(kind)))
  for (const to of op.others) await op.sendBytes(to, 0, own)
  const lists = await Promise.all(
    Array.from({ length: op.n }, async (_, i) => (i === op.index ? own : op.receiveBytes(i, 0, own.length)))
  )
  await requireSame(op, lists)
  const batches: Batch[] = []
  const reserved: Partial<Record<Kind, number>> = {}
  ;[...needs].forEach(([kind, wanted], place) => {
    const all = lists.map(list => new Set(decodeList(list, place)))
    const common = pool.numbers(kind).filter(number => all.every(list => list.has(number)))
    let count = 0
    for (const number of common) {
      if (count >= wanted) break
      for (const batch of pool.remove(kind, [number])) {
        batches.push(batch)
        count += batch.count
      }
    }
    reserved[kind] = count
  })
  op.session.state.stock = new Stock(batches, field.limbs)
  return reserved
}

async function requireSame(op: Party, lists: readonly Uint8Array[]): Promise<void> {
  const digest = hash('sha256', Buffer.concat(lists), 'buffer')
  for (const to of op.others) await op.sendBytes(to, 1, digest)
  for (const from of op.others) {
    const theirs = await op.receiveBytes(from, 1, digest.length)
    if (timingSafeEqual(theirs, digest)) continue
    op.fail(
      // it may be honest, and have heard another story than this one from a third
      new MpcError(
        { code: 'MPC_DISPUTE', nodes: op.session.present },
        `Party ${from} heard other lists of batches than this one: some party told two stories.`
      )
    )
  }
}

/** For each kind a count and as many numbers, in MAX_BATCHES + 1 words. */
function encodeLists(lists: readonly (readonly number[])[]): Uint8Array {
  const out = new Uint8Array(LIST_BYTES * lists.length)
  const view = new DataView(out.buffer)
  lists.forEach((numbers, place) => {
    view.setUint32(place * LIST_BYTES, numbers.length)
    numbers.forEach((number, i) => view.setUint32(place * LIST_BYTES + 4 * (i + 1), number))
  })
  return out
}

function decodeList(bytes: Uint8Array, place: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset + place * LIST_BYTES, LIST_BYTES)
  const count = Math.min(MAX_BATCHES, view.getUint32(0))
  return Array.from({ length: count }, (_, i) => view.getUint32(4 * (i + 1)))
}
