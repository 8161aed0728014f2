import * as arithmetic from '../../src/numbers/arithmetic.ts'
import { parallel } from '../../src/protocols/masked.ts'
import { reshape, transpose, type Secret } from '../../src/numbers/secret.ts'
import { reals, SHAPES, sizeOfShape, wholes, type Input, type Operation, type Shape } from './operation.ts'

const ULP = 2 ** -16
const exact = (): number => 0
/** Two inputs of one shape with 16 fraction bits. */
const two = (random: () => number, shape: Shape): Input[] => {
  const { count, columns } = sizeOfShape(shape)
  return [0, 1].map(() => ({ values: reals(random, count, 500), magnitude: 9, fraction: 16, columns }))
}
const one = (random: () => number, shape: Shape): Input[] => two(random, shape).slice(0, 1)
const truncated = (_: number, { truncation }: { truncation: number }): number => truncation * ULP

const product = (a: readonly number[], b: readonly number[], rows: number, inner: number, columns: number): number[] =>
  Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns]
    return Array.from({ length: inner }, (_, l) => a[i * inner + l]! * b[l * columns + j]!).reduce((s, v) => s + v, 0)
  })

export const arithmeticOperations: readonly Operation[] = [
  {
    name: 'numbers/arithmetic.add',
    shapes: SHAPES,
    inputs: two,
    run: (party, [a, b]) => [arithmetic.add(party, a!, b!)],
    expected: ([a, b]) => [a!.map((v, i) => v + b![i]!)],
    bound: exact
  },
  {
    name: 'numbers/arithmetic.sub',
    shapes: SHAPES,
    inputs: two,
    run: (party, [a, b]) => [arithmetic.sub(party, a!, b!)],
    expected: ([a, b]) => [a!.map((v, i) => v - b![i]!)],
    bound: exact
  },
  {
    name: 'numbers/arithmetic.neg',
    shapes: SHAPES,
    inputs: one,
    run: (party, [a]) => [arithmetic.neg(party, a!)],
    expected: ([a]) => [a!.map(v => 0 - v)],
    bound: exact
  },
  {
    name: 'numbers/arithmetic.publicValue',
    shapes: ['vector'],
    inputs: one,
    run: (party, [a]) => [arithmetic.add(party, a!, arithmetic.publicValue(party, [1.5], 4))],
    expected: ([a]) => [a!.map(v => v + 1.5)],
    bound: exact
  },
  {
    name: 'numbers/arithmetic.scaleInteger',
    shapes: SHAPES,
    inputs: one,
    run: (party, [a]) => [arithmetic.scaleInteger(party, a!, -12n)],
    expected: ([a]) => [a!.map(v => 0 - 12 * v)],
    bound: exact
  },
  {
    name: 'numbers/arithmetic.scaleReal',
    shapes: SHAPES,
    inputs: one,
    run: async (party, [a]) => [await arithmetic.scaleReal(party, a!, -0.37)],
    expected: ([a]) => [a!.map(v => v * -0.37)],
    bound: (v, precision) => truncated(v, precision) + Math.abs(v) * 2 ** -30
  },
  {
    name: 'numbers/arithmetic.withFraction',
    shapes: SHAPES,
    inputs: one,
    run: async (party, [a]) => [await arithmetic.withFraction(party, a!, 4)],
    expected: ([a]) => [a!],
    bound: (_, { truncation }) => truncation * 2 ** -4
  },
  {
    name: 'numbers/arithmetic.mul',
    shapes: SHAPES,
    inputs: two,
    run: async (party, [a, b]) => [await arithmetic.mul(party, a!, b!)],
    expected: ([a, b]) => [a!.map((v, i) => v * b![i]!)],
    bound: truncated
  },
  {
    name: 'numbers/arithmetic.mul of whole numbers',
    shapes: SHAPES,
    inputs: (random, shape) => {
      const { count, columns } = sizeOfShape(shape)
      return [0, 1].map(() => ({ values: wholes(random, count, 2 ** 25), magnitude: 25, columns }))
    },
    run: async (party, [a, b]) => [await arithmetic.mul(party, a!, b!)],
    expected: ([a, b]) => [a!.map((v, i) => v * b![i]!)],
    bound: exact
  },
  {
    name: 'numbers/arithmetic.mul by a scalar',
    shapes: ['vector', 'matrix'],
    inputs: (random, shape) => [two(random, shape)[0]!, { values: reals(random, 1, 500), magnitude: 9, fraction: 16 }],
    run: async (party, [a, b]) => [await arithmetic.mul(party, a!, b!)],
    expected: ([a, b]) => [a!.map(v => v * b![0]!)],
    bound: truncated
  },
  {
    name: 'numbers/arithmetic.mulMany',
    shapes: ['vector'],
    inputs: two,
    run: (party, [a, b]) =>
      arithmetic.mulMany(party, [
        [a!, b!],
        [a!, a!]
      ]),
    expected: ([a, b]) => [a!.map((v, i) => v * b![i]!), a!.map(v => v * v)],
    bound: truncated
  },
  {
    name: 'numbers/arithmetic.dot',
    shapes: SHAPES,
    inputs: two,
    run: async (party, [a, b]) => [await arithmetic.dot(party, a!, b!)],
    expected: ([a, b]) => [[a!.reduce((s, v, i) => s + v * b![i]!, 0)]],
    bound: (v, precision) => truncated(v, precision) + 1e-9
  },
  {
    name: 'numbers/arithmetic.matmul',
    shapes: ['matrix'],
    inputs: two,
    run: async (party, [a, b]) => [await arithmetic.matmul(party, a!, transpose(party, b!))],
    expected: ([a, b]) => {
      const turned = Array.from({ length: 6 }, (_, at) => b![(at % 2) * 3 + Math.floor(at / 2)]!)
      return [product(a!, turned, 2, 3, 2)]
    },
    bound: (v, precision) => truncated(v, precision) + 1e-9
  },
  {
    name: 'numbers/arithmetic.matmul of a matrix and a vector',
    shapes: ['matrix'],
    inputs: (random, shape) => [two(random, shape)[0]!, { values: reals(random, 3, 500), magnitude: 9, fraction: 16 }],
    run: async (party, [a, b]) => [await arithmetic.matmul(party, a!, b!)],
    expected: ([a, b]) => [product(a!, b!, 2, 3, 1)],
    bound: (v, precision) => truncated(v, precision) + 1e-9
  },
  {
    name: 'numbers/arithmetic.sum',
    shapes: SHAPES,
    inputs: one,
    run: (party, [a]) => [arithmetic.sum(party, a!)],
    expected: ([a]) => [[a!.reduce((s, v) => s + v, 0)]],
    bound: exact
  },
  {
    // a batch of reductions: branches side by side, in the rounds of one
    name: 'protocols/masked.parallel',
    shapes: ['matrix'],
    inputs: two,
    run: (party, [a, b]) =>
      parallel<Secret[]>(party, [
        branch => arithmetic.dot(branch, a!, b!),
        branch => arithmetic.mul(branch, reshape(a!, 3, 2), reshape(b!, 3, 2)),
        branch => arithmetic.dot(branch, a!, a!)
      ]),
    expected: ([a, b]) => [
      [a!.reduce((s, v, i) => s + v * b![i]!, 0)],
      a!.map((v, i) => v * b![i]!),
      [a!.reduce((s, v) => s + v * v, 0)]
    ],
    bound: (v, precision) => truncated(v, precision) + 1e-9
  }
]
