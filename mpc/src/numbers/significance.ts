/** Functions of opened results, in the clear: standard errors and p-values. For the receiver, in browsers too. */

/** What the receiver of a `simpleRegression` has opened. */
export interface OpenedRegression {
  readonly slope: number
  readonly unexplained: number // 1 - r^2
  readonly xVariance: number
  readonly yVariance: number
  readonly count: number
}

export interface SlopeSignificance {
  readonly standardError: number
  readonly t: number
  /** Two-sided: how likely a slope at least this far from 0 is if there is none. */
  readonly p: number
  /** Sum of squared residuals over n - 2. */
  readonly residualVariance: number
}

/**
 * The standard error of a slope and its p-value. From 1 - r^2 and not from r, so they hold where r is near 1 or 0.
 * @throws RangeError for fewer than three points or a constant x.
 */
export function slopeSignificance({
  slope,
  unexplained,
  xVariance,
  yVariance,
  count
}: OpenedRegression): SlopeSignificance {
  if (!(count > 2) || !(xVariance > 0))
    throw new RangeError('A slope has a standard error with three points or more, and x that varies.')
  // rounding may take 1 - r^2 just below 0 where the points lie on a line
  const residualVariance = (Math.max(0, unexplained) * yVariance * count) / (count - 2)
  const standardError = Math.sqrt(residualVariance / (xVariance * count))
  const t = standardError === 0 ? Infinity : slope / standardError
  return { standardError, t, p: twoSided(t, count - 2), residualVariance }
}

/** P(|T| >= |t|) for Student's t with `degrees` degrees of freedom; also for `multipleRegression`: coefficient over its error. */
export function twoSided(t: number, degrees: number): number {
  if (!(degrees > 0)) throw new RangeError('Degrees of freedom are above 0.')
  if (Number.isNaN(t)) return NaN
  if (!Number.isFinite(t)) return 0
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
}

/** The regularised incomplete beta function, by its continued fraction (Lentz). About 14 digits. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // the fraction converges fast below the mean, and the function is symmetric
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const tiny = 1e-300
  const safe = (v: number): number => (Math.abs(v) < tiny ? tiny : v)
  let c = 1
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / safe(1 + even * d)
    c = safe(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / safe(1 + odd * d)
    c = safe(1 + odd / c)
    const step = d * c
    result *= step
    if (Math.abs(step - 1) < 1e-15) break
  }
  return front * result
}

/** Lanczos' approximation for arguments of 1/2 and more. */
function logGamma(z: number): number {
  const weights = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7
  ]
  const x = z - 1
  const sum = weights.reduce((total, weight, i) => total + weight / (x + i + 1), 0.9999999999998099)
  const t = x + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum)
}
