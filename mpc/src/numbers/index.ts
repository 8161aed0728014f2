export { secret, uncheckedSecret, reshape, range, pick, transpose, stack, type Secret, type Shape } from './secret.ts'
export { foreignSecret } from './foreign.ts'
export { loadSecrets, type Stored } from './load.ts'
export {
  add,
  sub,
  neg,
  mul,
  dot,
  matmul,
  sum,
  scaleInteger,
  scaleReal,
  withFraction,
  publicValue
} from './arithmetic.ts'
export {
  lt,
  lte,
  gt,
  gte,
  ltOpened,
  lteOpened,
  gtOpened,
  gteOpened,
  eq,
  eqBlinded,
  sign,
  abs,
  select,
  max,
  min,
  argmax,
  argmin
} from './compare.ts'
export { divide, reciprocal, sqrt, inverseSqrt, type Partial, type DivideOptions, type RootOptions } from './divide.ts'
export { mean, variance, std, covariance, type StatisticsOptions } from './statistics.ts'
export { correlation, simpleRegression, type SimpleRegression, type RegressionOptions } from './regression.ts'
export {
  inverse,
  leastSquares,
  multipleRegression,
  type InverseOptions,
  type LeastSquaresOptions,
  type RegressionFit
} from './linear-algebra.ts'
export { median, quantile, quantiles, orderStatistics } from './order.ts'
