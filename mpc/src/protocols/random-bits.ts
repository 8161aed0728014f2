import { randomBytes } from 'node:crypto'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { mul } from './multiply.ts'
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
 * - Cost: 1 + ceil(log2(t + 1)) rounds; a dealer sends (n - 1 - t) count elements, and t products follow.
 * - Security: passive adversary; an active dealer could deal something else than a sign.
 */
export async function randomSigns(party: Party, count: number): Promise<Vec> {
  const op = party.operation('signs')
  let layer = await Promise.all(
    Array.from({ length: op.t + 1 }, (_, dealer) =>
      dealFrom(op, dealer, count, 'sign', (from, to) => drawSigns(op, to - from))
    )
  )
  while (layer.length > 1) {
    const half = layer.length >> 1
    const next = await Promise.all(Array.from({ length: half }, (_, i) => mul(op, layer[2 * i]!, layer[2 * i + 1]!)))
    layer = layer.length % 2 === 1 ? [...next, layer[layer.length - 1]!] : next
  }
  return layer[0]!
}
