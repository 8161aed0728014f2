import { dot, eq, pick, reshape, sum } from '@enigma/mpc'
import { compute } from './local-network.ts'

/**
 * How many customers two shops share, and how much those spent at the second: neither shop learns which ones they are.
 * Ids are unique within each shop.
 */
export async function sharedCustomers(
  first: readonly number[],
  second: readonly { id: number; spent: number }[]
): Promise<{ count: number; spent: number }> {
  const [[count], [spent]] = (await compute(
    {
      first: { values: first, magnitude: 32 },
      second: { values: second.map(({ id }) => id), magnitude: 32 },
      spent: { values: second.map(customer => customer.spent), magnitude: 20, fraction: 8 }
    },
    async (party, inputs) => {
      const pairs = first.flatMap((_, i) => second.map((_, j) => [i, j] as const))
      const same = await eq(
        party,
        pick(
          party,
          inputs.first,
          pairs.map(([i]) => i)
        ),
        pick(
          party,
          inputs.second,
          pairs.map(([, j]) => j)
        )
      )
      const amounts = pick(
        party,
        inputs.spent,
        pairs.map(([, j]) => j)
      )
      return [sum(party, same), await dot(party, reshape(same, pairs.length, 1), amounts)]
    }
  )) as [[number], [number]]
  return { count, spent }
}

if (import.meta.main)
  console.log(
    await sharedCustomers(
      [11, 22, 33],
      [
        { id: 22, spent: 9.5 },
        { id: 44, spent: 3 },
        { id: 11, spent: 20 }
      ]
    )
  )
