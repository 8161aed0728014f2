import { TestingError } from './errors.ts'

/** Where the chain stands. */
export interface Moment {
  readonly block: number
  readonly timeSeconds: number
}

/** 2026-01-01T00:00:00Z: the same in every run, so that a test cannot depend on today. */
export const FIRST_MOMENT: Moment = { block: 1, timeSeconds: 1_767_225_600 }

/** A block later than the last; its time is one second later, too, as on a devnet that mines at once. */
export const after = ({ block, timeSeconds }: Moment, blocks = 1): Moment => ({
  block: block + blocks,
  timeSeconds: timeSeconds + blocks
})

/** @throws TESTING_OPTION */
export function wholeNumber(option: string, value: number, least = 0): number {
  if (Number.isSafeInteger(value) && value >= least && value < 2 ** 48) return value
  throw new TestingError({ code: 'TESTING_OPTION', option }, `\`${option}\` must be a whole number from ${least}.`)
}
