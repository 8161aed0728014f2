import { mean, std } from '@enigma/mpc'
import { compute } from './local-network.ts'

/** Mean and standard deviation of salaries that nobody sees. */
export async function salaryStatistics(salaries: readonly number[]): Promise<{ mean: number; std: number }> {
  const [average, deviation] = await compute(
    { salaries: { values: salaries, magnitude: 18, fraction: 8 } },
    async (party, inputs) => [await mean(party, inputs.salaries), (await std(party, inputs.salaries)).value]
  )
  return { mean: average![0]!, std: deviation![0]! }
}

if (import.meta.main) console.log(await salaryStatistics([52_000, 61_500, 48_200.5, 97_000]))
