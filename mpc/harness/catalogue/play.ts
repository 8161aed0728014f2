import { scaledInteger } from '../../src/numbers/scaled-integer.ts'
import { secret, type Secret } from '../../src/numbers/secret.ts'
import type { Party } from '../../src/session/party.ts'
import { keySets } from '../../src/sharing/subsets.ts'
import { dealLocally } from '../local-parties.ts'
import type { Input, Operation, Precision, Shape } from './operation.ts'

/** One run of an operation: dealt inputs, and what is right. */
export interface Prepared {
  readonly operation: Operation
  readonly shape: Shape
  readonly at: (party: Party) => readonly Secret[]
  readonly expected: readonly (readonly number[])[]
  readonly inputs: readonly (readonly number[])[]
  readonly columns: number
}

export function prepare(
  operation: Operation,
  shape: Shape,
  random: () => number,
  { n, t, prime }: { n: number; t: number; prime: bigint }
): Prepared {
  const inputs = operation.inputs(random, shape)
  const dealt = inputs.map(({ values, fraction = 0 }) =>
    dealLocally(
      values.map(value => scaledInteger(value, fraction)),
      n,
      t,
      prime
    )
  )
  const share = (party: Party, { magnitude, fraction = 0, columns = 1 }: Input, i: number): Secret =>
    secret(party, dealt[i]![party.index]!, { magnitude, fraction, columns })
  const values = inputs.map(input => input.values)
  const columns = inputs[0]?.columns ?? 1
  return {
    operation,
    shape,
    at: party => inputs.map((input, i) => share(party, input, i)),
    expected: operation.expected(values, columns),
    inputs: values,
    columns
  }
}

export const precisionOf = (n: number, t: number): Precision => ({ truncation: (keySets(n, t).length + 1) / 2 })

/** null if the results are what they should be, else a sentence. */
export function complaint(
  { operation, expected, inputs }: Prepared,
  found: readonly (readonly number[])[],
  precision: Precision
): string | null {
  if (found.length !== expected.length) return `${found.length} results in place of ${expected.length}`
  for (const [at, exact] of expected.entries()) {
    const values = found[at]!
    if (values.length !== exact.length) return `result ${at} has ${values.length} elements in place of ${exact.length}`
    for (const [i, wanted] of exact.entries()) {
      const value = values[i]!
      const good =
        wanted === Infinity
          ? value !== 0
          : Number.isNaN(wanted)
            ? value === 0
            : Math.abs(value - wanted) <= operation.bound(wanted, precision, at, inputs, i)
      if (!good) return `result ${at}, element ${i}: ${value} in place of ${wanted}`
    }
  }
  return null
}
