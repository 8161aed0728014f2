import { arithmeticOperations } from './arithmetic.ts'
import { comparisonOperations } from './comparison.ts'
import { linearOperations } from './linear-algebra.ts'
import type { Operation } from './operation.ts'
import { statisticsOperations } from './statistics.ts'

/** Every operation on shared numbers. */
export const operations: readonly Operation[] = [
  ...arithmeticOperations,
  ...comparisonOperations,
  ...statisticsOperations,
  ...linearOperations
]
