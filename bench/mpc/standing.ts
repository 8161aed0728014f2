import type { Result } from './report.ts'

/**
 * What the engine set out to reach beyond its gates, from measurements of other programs on a machine that did 6.0 million bare BigInt
 * products a second and a bare round trip in 0.1 ms. Rates are compared by bare BigInt products of the same run and times by bare round
 * trips, so the comparison holds on another machine, or on the same one under load.
 */
const BIGINT_PER_SECOND = 6.0e6
const ROUND_TRIP_MS = 0.1

interface Goal {
  readonly name: string
  readonly security: 'passive' | 'active'
  /** As it was set: a rate, a time or bytes. */
  readonly goal: string
  readonly per: 'bigint' | 'round trip' | 'bytes'
  readonly value: number
}
const rate = (perSecond: number): Pick<Goal, 'per' | 'value'> => ({
  per: 'bigint',
  value: perSecond / BIGINT_PER_SECOND
})
const time = (ms: number): Pick<Goal, 'per' | 'value'> => ({ per: 'round trip', value: ms / ROUND_TRIP_MS })
const bytes = (value: number): Pick<Goal, 'per' | 'value'> => ({ per: 'bytes', value })
const passive = { security: 'passive' } as const
const active = { security: 'active' } as const

const GOALS: readonly Goal[] = [
  { name: 'input', ...passive, goal: '3.7 M/s: MP-SPDZ Shamir', ...rate(3.7e6) },
  { name: 'mul', ...passive, goal: '3.4 M/s: 10 x MPyC', ...rate(3.4e6) },
  { name: 'mul', ...passive, goal: '25 bytes', ...bytes(25) },
  { name: 'mul', ...active, goal: '1.67 M/s: 5 x MP-SPDZ malicious Shamir', ...rate(1.67e6) },
  { name: 'mul-latency', ...passive, goal: '0.19 ms: MPyC', ...time(0.19) },
  { name: 'dot', ...passive, goal: '31.7 M terms/s: 2 x MP-SPDZ Shamir', ...rate(31.7e6) },
  { name: 'matmul', ...passive, goal: '41 M terms/s: 2 x MP-SPDZ Shamir', ...rate(41.2e6) },
  { name: 'less-than', ...passive, goal: '100 k/s: MP-SPDZ replicated', ...rate(100e3) },
  { name: 'less-than', ...passive, goal: '110 bytes', ...bytes(110) },
  { name: 'less-than', ...active, goal: '40 k/s', ...rate(40e3) },
  { name: 'less-than-latency', ...passive, goal: '1.2 ms', ...time(1.2) },
  { name: 'fixed-mul', ...passive, goal: '1 M/s: half of MP-SPDZ replicated', ...rate(1e6) },
  { name: 'mean-var', ...passive, goal: '28.7 M values/s: 5 x MP-SPDZ Shamir', ...rate(28.7e6) },
  { name: 'linreg', ...passive, goal: '30 ms: 80 x MPyC', ...time(30) },
  { name: 'max', ...passive, goal: '18 ms for 1,000: 200 x MPyC', ...time(18) },
  { name: 'inverse', ...passive, goal: '10 ms: 300 x MPyC', ...time(10) }
]

export interface Standing {
  readonly name: string
  readonly security: string
  readonly goal: string
  /** As measured: per second, ms or bytes. */
  readonly here: string
  /** Above 1: beyond the goal. By bare rates and round trips of the run, and as the figures stand. */
  readonly reached: number
  readonly byTheClock: number
}

const short = (value: number): string => String(Number(value.toPrecision(3)))

/** Where these results stand against the goals that they have one of. `max` of fewer than 1,000 elements is left out. */
export function standingOf(results: readonly Result[]): Standing[] {
  return GOALS.flatMap(({ name, security, goal, per, value }) => {
    const result = results.find(each => each.name === name && each.security === security)
    if (!result || (name === 'max' && result.count !== 1000)) return []
    const { perSecond, ratioToBigint, bytesPerParty, units, seconds, count, roundTrips } = result
    const one = (seconds * 1000) / (name.endsWith('latency') ? count : 1)
    const [here, reached, byTheClock] =
      per === 'bigint'
        ? [`${short(perSecond)}/s`, ratioToBigint / value, perSecond / (value * BIGINT_PER_SECOND)]
        : per === 'bytes'
          ? [`${short(bytesPerParty / units)} bytes`, value / (bytesPerParty / units), value / (bytesPerParty / units)]
          : [`${short(one)} ms`, value / roundTrips, (value * ROUND_TRIP_MS) / one]
    return [{ name, security, goal, here, reached, byTheClock }]
  })
}

/** As a table that a page can take. */
export function printStanding(all: readonly Standing[]): void {
  console.log('\n| workload | mode | goal | here | reached, by bare rates of the run | by the clock |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const { name, security, goal, here, reached, byTheClock } of all) {
    console.log(`| ${name} | ${security} | ${goal} | ${here} | ${short(reached)} | ${short(byTheClock)} |`)
  }
}
