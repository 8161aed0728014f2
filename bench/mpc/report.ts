/** One line of results; the first ten fields are what other programs may rely on. */
export interface Result {
  readonly name: string
  readonly security: string
  readonly n: number
  readonly t: number
  readonly prime: string
  readonly count: number
  readonly seconds: number
  readonly perSecond: number
  readonly rounds: number
  readonly bytesPerParty: number
  readonly units: number
  readonly cpuSeconds: number
  readonly perSecondByCpu: number
  readonly memoryBytes: number
  /** Active mode: log2 of the chance that something wrong passes the checks of the batch, as `soundnessBits` bounds it. */
  readonly soundnessBits?: number
  readonly eventLoopLagP99Ms: number
  readonly hostEventLoopLagP99Ms: number
  /** Both below 50 ms. */
  readonly isResponsive: boolean
  readonly bareBigintPerSecond: number
  readonly bareWasmPerSecond: number
  readonly bareRoundTripMs: number
  readonly bareRoundMs: number
  readonly ratioToBigintByCpu: number
  readonly ratioToBigint: number
  readonly ratioToWasm: number
  readonly roundTrips: number
  readonly bareRounds: number
}

const short = (value: number, digits = 3): string => String(Number(value.toPrecision(digits)))

export function printResult(result: Result): void {
  const { units } = result
  console.log(
    [
      result.name.padEnd(18),
      `${short(result.perSecond)}/s`.padStart(12),
      `${short(result.seconds)} s`.padStart(10),
      `${result.rounds} rounds`.padStart(11),
      `${(result.bytesPerParty / units).toFixed(1)} B each`.padStart(16),
      `x BigInt ${short(result.ratioToBigint)} (by cpu ${short(result.ratioToBigintByCpu)})`.padEnd(37),
      `x WASM ${short(result.ratioToWasm)}`.padEnd(18),
      `${short(result.roundTrips)} bare round trips, ${short(result.bareRounds)} bare rounds`.padEnd(46),
      `cpu ${short(result.cpuSeconds)} s (${short(result.perSecondByCpu)}/s)`.padEnd(26),
      `${Math.round(result.memoryBytes / 2 ** 20)} MiB`,
      `lag ${short(result.eventLoopLagP99Ms, 2)} ms, host ${short(result.hostEventLoopLagP99Ms, 2)} ms${result.isResponsive ? '' : ': LATE'}`,
      ...(result.soundnessBits === undefined ? [] : [`wrong passes with 2^${Math.round(result.soundnessBits)}`])
    ].join('  ')
  )
}
