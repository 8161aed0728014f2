import type { Party } from '../../src/session/party.ts'
import type { Secret } from '../../src/numbers/secret.ts'
import type { Partial } from '../../src/numbers/divide.ts'

/** A column or matrix of numbers in the clear, with the bounds under which it is shared. */
export interface Input {
  readonly values: readonly number[]
  readonly magnitude: number
  readonly fraction?: number
  readonly columns?: number
}

/** What the errors of a network of n nodes depend on. */
export interface Precision {
  /** A truncation is off by less than this many units in the last place. */
  readonly truncation: number
}

export type Shape = 'scalar' | 'vector' | 'matrix' | 'batch'
/** What everything that works element by element takes; a batch is a longer vector, for which there may be another way. */
export const SHAPES: readonly Shape[] = ['scalar', 'vector', 'matrix']
export const sizeOfShape = (shape: Shape): { count: number; columns: number } =>
  shape === 'scalar'
    ? { count: 1, columns: 1 }
    : shape === 'matrix'
      ? { count: 6, columns: 3 }
      : { count: shape === 'batch' ? 40 : 5, columns: 1 }

/**
 * One operation on shared numbers with its reference in the clear and the error its docstring states. The catalogue of these is what
 * the tests of accuracy, of attacks and of costs go through; `test/catalogue` fails for an exported operation without an entry.
 */
export interface Operation {
  /** Module and export: numbers/compare.lt */
  readonly name: string
  /** Shapes that make sense; the others are refused or the same. */
  readonly shapes: readonly Shape[]
  readonly inputs: (random: () => number, shape: Shape) => readonly Input[]
  readonly run: (party: Party, inputs: readonly Secret[]) => Promise<readonly Secret[]> | readonly Secret[]
  /** The exact results, one list for each that `run` gives. NaN: the result is invalid and must be 0. */
  readonly expected: (inputs: readonly (readonly number[])[], columns: number) => readonly (readonly number[])[]
  /** How far element `i` of result `at` may be from `exact`. */
  readonly bound: (
    exact: number,
    precision: Precision,
    at: number,
    inputs: readonly (readonly number[])[],
    i: number
  ) => number
  /** Slow ones are attacked less often. */
  readonly slow?: boolean
  /** A shape that leaves nothing to do: the largest of one. It counts for accuracy, not for attacks and costs. */
  readonly trivial?: Shape
}

/** Shapes with something to tamper with. */
export const attackedShapes = ({ shapes, trivial }: Operation): readonly Shape[] =>
  shapes.filter(shape => shape !== trivial)

export const between = (random: () => number, low: number, high: number): number => low + (high - low) * random()
export const wholes = (random: () => number, count: number, size: number): number[] =>
  Array.from({ length: count }, () => Math.round(between(random, -size, size)))
/** Multiples of 2^-fraction. */
export const reals = (random: () => number, count: number, size: number, fraction = 16): number[] =>
  Array.from({ length: count }, () => Math.round(between(random, -size, size) * 2 ** fraction) / 2 ** fraction)

export const both = async (result: Promise<Partial>): Promise<Secret[]> => {
  const { value, valid } = await result
  return [value, valid]
}
/** NaN where a result does not exist; then the second list, of flags, is 0. */
export const withFlags = (values: readonly number[]): number[][] => [
  [...values],
  values.map(v => Number(!Number.isNaN(v)))
]

export const mean = (v: readonly number[]): number => v.reduce((s, x) => s + x, 0) / v.length
export const covarianceOf = (x: readonly number[], y: readonly number[]): number => {
  const [mx, my] = [mean(x), mean(y)]
  return mean(x.map((v, i) => (v - mx) * (y[i]! - my)))
}
