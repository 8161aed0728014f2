import { simpleRegression } from '@enigma/mpc'
import { compute } from './local-network.ts'

export interface Line {
  readonly slope: number
  readonly intercept: number
  readonly r: number
}

/** One hospital knows the doses, the other the responses of the same patients: the line through them, and nothing else. */
export async function doseResponse(doses: readonly number[], responses: readonly number[]): Promise<Line> {
  const [slope, intercept, r, valid] = await compute(
    {
      doses: { values: doses, magnitude: 9, fraction: 16 },
      responses: { values: responses, magnitude: 9, fraction: 16 }
    },
    async (party, { doses, responses }) => {
      const line = await simpleRegression(party, doses, responses, { slopeMagnitude: 10 })
      return [line.slope, line.intercept, line.r, line.valid]
    }
  )
  if (valid![0] !== 1) throw new Error('All doses are equal, or the slope is too steep to be represented.')
  return { slope: slope![0]!, intercept: intercept![0]!, r: r![0]! }
}

if (import.meta.main) console.log(await doseResponse([1, 2, 3, 4, 5], [2.1, 3.9, 6.2, 7.8, 10.1]))
