import {
  agreeOnKeys,
  DEFAULT_PRIME,
  Field,
  foreignSecret,
  memoryChannels,
  Party,
  release,
  type Secret
} from '@enigma/mpc'
import { combine, deal, decode, encode, expand } from '@enigma/mpc/client'

/** A column of somebody's numbers, or a matrix row by row. `magnitude` is public: |value| <= 2^magnitude. */
export interface Input {
  readonly values: readonly number[]
  readonly magnitude: number
  readonly fraction?: number
  readonly columns?: number
}

/** What the network computes with: numbers of 44 whole bits, sign included, and 16 fraction bits. */
const NUMBERS = { wholeBits: 44, fractionBits: 16 }

type Shared<I> = { readonly [K in keyof I]: Secret }

/**
 * Owners deal their inputs to three nodes, the nodes run `program` on shares in active mode, and the receiver puts the results
 * together. All in one process here; nodes of a real network exchange the same messages over encrypted links.
 */
export async function compute<I extends Record<string, Input>>(
  inputs: I,
  program: (party: Party, inputs: Shared<I>) => Promise<readonly Secret[]>
): Promise<number[][]> {
  const [n, t] = [3, 1]
  const field = Field.of(DEFAULT_PRIME)
  const sharing = { prime: DEFAULT_PRIME, n, t }
  const dealt = Object.entries(inputs).map(([name, input]) => {
    const { fraction = 0, magnitude, values } = input
    return { name, input, packages: deal(encode(field, values, fraction, magnitude), sharing) }
  })
  const wait = { timeoutMs: 10_000 }
  const keys = await Promise.all(memoryChannels(n).map(channel => agreeOnKeys(channel, t, 'example', wait)))
  const session = crypto.randomUUID()
  const results = await Promise.all(
    memoryChannels(n).map(async (channel, index) => {
      const party = Party.create({ field, n, t, channel, keys: keys[index]!, session, numbers: NUMBERS, ...wait })
      const shared: Record<string, Secret> = {}
      for (const { name, input, packages } of dealt) {
        const { columns, fraction, magnitude } = input
        // an owner may declare what it likes: nothing is computed before the nodes have checked it together
        const shape = { columns, fraction, magnitude }
        shared[name] = await foreignSecret(party, expand(field, packages[index]!), shape)
      }
      const found = await program(party, shared as Shared<I>)
      const out: Secret[] = []
      for (const value of found) out.push({ ...value, shares: await release(party, value.shares) })
      return out
    })
  )
  return results[0]!.map((value, i) => {
    const rows = results.map((row, index) => ({ index, shares: row[i]!.shares }))
    return decode(field, combine(rows, sharing).values, value.fraction)
  })
}
