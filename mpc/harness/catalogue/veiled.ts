import type { Vec } from '../../src/field/field.ts'
import { range, type Secret } from '../../src/numbers/secret.ts'
import { Performance, Preparation, type Stage } from '../../src/numbers/veiled.ts'
import { reduceProduct } from '../../src/protocols/multiply.ts'
import { elements, joined } from '../../src/protocols/product.ts'
import type { Party } from '../../src/session/party.ts'

const FRACTION = 8

/** All whole numbers of x, |x| <= 2^bits, times the first of them, by the machinery of veiled values alone. `reduce` may cheat. */
export async function timesFirst(party: Party, x: Vec, bits: number, reduce = reduceProduct): Promise<Vec> {
  const { field } = party
  const program = async (stage: Stage): Promise<Secret> => {
    const shape = { rows: field.length(x), columns: 1, whole: FRACTION, fraction: FRACTION, norm: bits }
    const left = await stage.enter(shape)
    const [product] = await stage.times([{ left, right: range(party, left, 0, 1), fraction: 0, norm: 2 * bits }])
    return product!
  }
  const preparation = new Preparation(party)
  const veil = await program(preparation)
  const made = await reduce(party, joined(preparation.products))
  const stage = new Performance(party, preparation, made)
  await stage.begin([elements(field, x, field.constant(2n ** BigInt(FRACTION)))])
  const seen = stage.isSilent ? null : await program(stage)
  const [value] = await stage.leave([[seen, veil]])
  return value!.shares
}
