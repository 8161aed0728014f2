import type { Vec } from '../field/field.ts'
import { mul } from '../protocols/multiply.ts'
import type { Party } from '../session/party.ts'
import type { SharedBits } from './shared-bits.ts'
import type { Words } from './rows.ts'

/**
 * Field shares of the signs 1 - 2 bit of `count` random bits whose components come from keys.
 *
 * A bit is the XOR of three that two parties each know, so its sign is the product of three signs, of which each needs no
 * message: value times the polynomial that is 1 at 0 and 0 at the party which does not know it.
 *
 * - Shapes: `count` bits in words; as many shares of degree t.
 * - Cost: 2 rounds, which may overlap with others; 2 elements a party for each bit.
 * - Security: that of `mul`. The components come from keys, so the shares are of the same bits.
 * @see docs/spec/mpc.md 5.3.
 * @cost n = 3, 6 bits: passive 2 rounds, 288 bytes; active, proved 6 rounds, 1288 bytes
 */
export async function signsOf(party: Party, { first, second }: SharedBits, count: number): Promise<Vec> {
  const op = party.operation('signs-of')
  const { field, index, session } = op
  const sign = (set: number): Vec => {
    if (set === index) return field.zeros(count)
    const { weight } = session.mySets.find(({ number }) => number === set)!
    return chosen(weight, field.neg(weight), set === (index + 1) % 3 ? first : second, count)
  }
  return mul(op, await mul(op, sign(0), sign(1)), sign(2))
}

/** Element by element `zero` or `one`, as the bit says, without branching on bits. */
function chosen(zero: Vec, one: Vec, bits: Words, count: number): Vec {
  const limbs = zero.length
  const out = new Uint32Array(count * limbs)
  for (let l = 0; l < limbs; l++) {
    const [base, change] = [zero[l]!, zero[l]! ^ one[l]!]
    for (let k = 0, at = l; k < count; k++, at += limbs) out[at] = base ^ (change & -((bits[k >> 5]! >>> (k & 31)) & 1))
  }
  return out
}

/** Shares of the bits that were opened under masks of these signs: (1 - (1 - 2 opened) sign) / 2. Local. */
export function unmask({ field }: Party, opened: Words, signs: Vec): Vec {
  const half = field.constant((field.p + 1n) / 2n)
  return field.sub(half, field.mul(signs, chosen(half, field.neg(half), opened, field.length(signs))))
}
