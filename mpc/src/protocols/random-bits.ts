import { randomBytes } from 'node:crypto'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { mul } from './multiply.ts'
import { elements } from './product.ts'
import { dealFrom } from './reshare.ts'

/** Uniform signs, 1 or -1, drawn by this party alone. Written word by word without branching on them. */
function drawSigns({ field }: Party, count: number): Vec {
  const [one, minus] = [field.constant(1n), field.constant(-1n)]
  const bytes = randomBytes(Math.ceil(count / 8))
  const out = field.zeros(count)
  for (let i = 0; i < count; i++) {
    const all = -((bytes[i >> 3]! >> (i & 7)) & 1)
    for (let l = 0; l < field.limbs; l++) out[i * field.limbs + l] = one[l]! ^ ((one[l]! ^ minus[l]!) & all)
  }
  return out
}

/**
 * Shares of `count` uniform signs that no t parties know: the parties 0..t deal one each, and the products are taken.
 *
 * - Shapes: `count` shares of degree t of 1 or -1 out.
 * - Cost: 1 + ceil(log2(t + 1)) rounds; a dealer sends (n - 1 - t) count elements, and t products follow.
 * - Security: passive; in active mode s^2 = 1 is claimed for every dealt s and proved before anything is opened.
 * @see docs/spec/mpc.md 5.3.
 * @cost n = 3, 6 signs: passive 2 rounds, 288 bytes; active, proved 6 rounds, 1576 bytes
 * @cost n = 4, 6 signs: passive 2 rounds, 576 bytes; active, proved 10 rounds, 2730 bytes
 */
export async function randomSigns(party: Party, count: number): Promise<Vec> {
  if (party.session.rehearsal) return party.field.zeros(count)
  const ready = party.stock?.take('signs', count)
  if (ready) return ready.vectors[0]!
  const op = party.operation('signs')
  const dealers = op.session.present.slice(0, op.t + 1)
  let layer: Vec[] = await Promise.all(
    dealers.map(dealer => dealFrom(op, dealer, count, 'sign', (from, to) => drawSigns(op, to - from)))
  )
  // Each dealt vector must be its own inverse: in active mode that claim is checked like any product
  if (op.active) {
    const one = op.field.fill(op.field.constant(1n), count)
    layer.forEach((dealt, i) =>
      op.ledger.add({ product: elements(op.field, dealt, dealt), result: one, by: dealers[i]! })
    )
  }
  while (layer.length > 1) {
    const half = layer.length >> 1
    const { field } = op
    const products = await mul(op, field.concat(layer.slice(0, half)), field.concat(layer.slice(half, 2 * half)))
    const next = Array.from({ length: half }, (_, i) => field.slice(products, i * count, (i + 1) * count))
    layer = [...next, ...layer.slice(2 * half)]
  }
  return layer[0]!
}
