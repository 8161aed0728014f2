/** Something measured at a time, in ms. */
export interface Sample {
  readonly at: number
  readonly value: number
}

/** The straight line through samples, by least squares: its slope an hour, and the standard error of that. Needs three. */
export function slopeAnHour(samples: readonly Sample[]): { readonly slope: number; readonly error: number } {
  const n = samples.length
  if (n < 3) throw new RangeError(`${n} samples are no line`)
  const hours = samples.map(({ at }) => at / 3_600_000)
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x0, y0] = [mean(hours), mean(samples.map(({ value }) => value))]
  const spread = hours.reduce((sum, x) => sum + (x - x0) ** 2, 0)
  const slope = samples.reduce((sum, { value }, i) => sum + (hours[i]! - x0) * (value - y0), 0) / spread
  const rest = samples.reduce((sum, { value }, i) => sum + (value - y0 - slope * (hours[i]! - x0)) ** 2, 0)
  return { slope, error: Math.sqrt(rest / (n - 2) / spread) }
}
