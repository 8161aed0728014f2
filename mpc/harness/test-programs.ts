import { mul } from '../src/protocols/multiply.ts'
import { openChecked } from '../src/protocols/open.ts'
import type { Party } from '../src/session/party.ts'

/** Squares of the numbers 1..count, opened: what tests of the harness run. */
export async function squares(party: Party, { count }: { count: number }): Promise<bigint[]> {
  const { field } = party
  // a constant polynomial is a sharing too
  const x = field.from(Array.from({ length: count }, (_, i) => BigInt(i + 1)))
  const { values } = await openChecked(party, await mul(party, x, x))
  return field.toBigints(values)
}

export async function fails(): Promise<never> {
  throw new Error('on purpose')
}
