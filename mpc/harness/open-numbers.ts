import { randomBytes } from 'node:crypto'
import { scaledInteger } from '../src/numbers/scaled-integer.ts'
import { secret, type Secret } from '../src/numbers/secret.ts'
import { openChecked } from '../src/protocols/open.ts'
import { release } from '../src/protocols/release.ts'
import type { Party } from '../src/session/party.ts'
import { dealLocally } from './local-parties.ts'

/** Makes a result public to the parties of a test, as numbers. */
export async function reveal(party: Party, value: Secret): Promise<number[]> {
  const { values } = await openChecked(party, await release(party, value.shares))
  return party.field.toSigned(values).map(v => Number(v) / 2 ** value.fraction)
}

export interface Column {
  readonly at: (party: Party) => Secret
  readonly values: readonly number[]
}

/** A dealt vector: what each party holds of it, and the values after rounding to `fraction` bits. */
export function column(
  values: readonly number[],
  {
    n = 3,
    t = 1,
    prime,
    fraction = 0,
    magnitude,
    columns = 1
  }: { n?: number; t?: number; prime: bigint; fraction?: number; magnitude: number; columns?: number }
): Column {
  const scaled = values.map(value => scaledInteger(value, fraction))
  const rows = dealLocally(scaled, n, t, prime)
  return {
    at: party => secret(party, rows[party.index]!, { fraction, magnitude, columns }),
    values: scaled.map(v => Number(v) / 2 ** fraction)
  }
}

/** Uniform in [-size, size), from 32 random bits. */
export const randomReal = (size: number): number => (randomBytes(4).readUInt32LE() / 2 ** 31 - 1) * size
