import * as compare from '../../src/numbers/compare.ts'
import * as order from '../../src/numbers/order.ts'
import { foreignSecret } from '../../src/numbers/foreign.ts'
import { loadSecrets } from '../../src/numbers/load.ts'
import { publicValue } from '../../src/numbers/arithmetic.ts'
import type { Secret } from '../../src/numbers/secret.ts'
import type { Party } from '../../src/session/party.ts'
import { reals, SHAPES, sizeOfShape, type Input, type Operation, type Shape } from './operation.ts'

const exact = (): number => 0
/** Values of a few kinds, so that ties, zeros and the ends of the range all occur. */
const mixed = (random: () => number, count: number): number[] => {
  const near = reals(random, 1, 60, 4)[0]!
  return Array.from({ length: count }, () => {
    const dice = random()
    if (dice < 0.2) return near
    if (dice < 0.3) return 0
    if (dice < 0.4) return random() < 0.5 ? 64 : -64
    return dice < 0.5 ? near + 2 ** -4 : reals(random, 1, 64, 4)[0]!
  })
}
const input = (random: () => number, shape: Shape): Input => {
  const { count, columns } = sizeOfShape(shape)
  return { values: mixed(random, count), magnitude: 6, fraction: 4, columns }
}
const two = (random: () => number, shape: Shape): Input[] => [input(random, shape), input(random, shape)]
const one = (random: () => number, shape: Shape): Input[] => [input(random, shape)]

type Binary = (party: Party, a: Secret, b: Secret) => Promise<Secret>
type Unary = (party: Party, a: Secret) => Promise<Secret>
const binary = (name: string, run: Binary, clear: (a: number, b: number) => number | boolean): Operation => ({
  name: `numbers/compare.${name}`,
  shapes: SHAPES,
  inputs: two,
  run: async (party, [a, b]) => [await run(party, a!, b!)],
  expected: ([a, b]) => [a!.map((v, i) => Number(clear(v, b![i]!)))],
  bound: exact
})
/** What all nodes were told, as shares that say the same. */
const opened =
  (run: (party: Party, a: Secret, b: Secret) => Promise<boolean[]>): Binary =>
  async (party, a, b) =>
    publicValue(party, (await run(party, a, b)).map(Number))
const each = (name: string, run: Unary, clear: (a: number) => number): Operation => ({
  name: `numbers/compare.${name}`,
  shapes: SHAPES,
  inputs: one,
  run: async (party, [a]) => [await run(party, a!)],
  expected: ([a]) => [a!.map(v => clear(v) + 0)],
  bound: exact
})
const whole = (module: string, name: string, run: Unary, clear: (a: readonly number[]) => number[]): Operation => ({
  name: `numbers/${module}.${name}`,
  shapes: SHAPES,
  inputs: one,
  run: async (party, [a]) => [await run(party, a!)],
  expected: ([a]) => [clear(a!)],
  bound: exact,
  trivial: 'scalar'
})
const sorted = (v: readonly number[]): number[] => [...v].sort((x, y) => x - y)
const quantileOf = (v: readonly number[], q: number): number => {
  const [all, rank] = [sorted(v), q * (v.length - 1)]
  const [low, high] = [all[Math.floor(rank)]!, all[Math.ceil(rank)]!]
  return low + (high - low) * (rank - Math.floor(rank))
}

export const comparisonOperations: readonly Operation[] = [
  binary('lt', compare.lt, (a, b) => a < b),
  binary('gt', compare.gt, (a, b) => a > b),
  binary('lte', compare.lte, (a, b) => a <= b),
  binary('gte', compare.gte, (a, b) => a >= b),
  binary('ltOpened', opened(compare.ltOpened), (a, b) => a < b),
  binary('gtOpened', opened(compare.gtOpened), (a, b) => a > b),
  binary('lteOpened', opened(compare.lteOpened), (a, b) => a <= b),
  binary('gteOpened', opened(compare.gteOpened), (a, b) => a >= b),
  binary('eq', compare.eq, (a, b) => a === b),
  {
    name: 'numbers/compare.eqBlinded',
    shapes: SHAPES,
    inputs: two,
    run: async (party, [a, b]) => [await compare.eqBlinded(party, a!, b!)],
    // 0 where equal, any other element where not
    expected: ([a, b]) => [a!.map((v, i) => (v === b![i] ? 0 : Infinity))],
    bound: exact
  },
  each('sign', compare.sign, Math.sign),
  each('abs', compare.abs, Math.abs),
  {
    name: 'numbers/compare.select',
    shapes: SHAPES,
    inputs: (random, shape) => {
      const { count, columns } = sizeOfShape(shape)
      const bits = Array.from({ length: count }, () => Math.round(random()))
      return [{ values: bits, magnitude: 0, columns }, ...two(random, shape)]
    },
    run: async (party, [chosen, a, b]) => [await compare.select(party, chosen!, a!, b!)],
    expected: ([chosen, a, b]) => [chosen!.map((c, i) => (c === 1 ? a : b)![i]!)],
    bound: exact
  },
  whole('compare', 'max', compare.max, v => [Math.max(...v)]),
  whole('compare', 'min', compare.min, v => [Math.min(...v)]),
  whole('compare', 'argmax', compare.argmax, v => [v.indexOf(Math.max(...v))]),
  whole('compare', 'argmin', compare.argmin, v => [v.indexOf(Math.min(...v))]),
  whole('order', 'median', order.median, v => [quantileOf(v, 0.5)]),
  whole(
    'order',
    'orderStatistics',
    (party, v) => order.orderStatistics(party, v, [0, v.rows * v.columns - 1]),
    v => [sorted(v)[0]!, sorted(v).at(-1)!]
  ),
  {
    // so many of so few bits that they are searched bit by bit, not compared all with all
    name: 'numbers/order.orderStatistics of many small values',
    shapes: ['vector'],
    inputs: random => [{ values: Array.from({ length: 12 }, () => Math.round(8 * random() - 4)), magnitude: 2 }],
    run: async (party, [a]) => [await order.orderStatistics(party, a!, [4])],
    expected: ([a]) => [[sorted(a!)[4]!]],
    bound: exact,
    slow: true
  },
  {
    name: 'numbers/order.quantile',
    shapes: ['vector', 'matrix'],
    inputs: one,
    run: async (party, [a]) => [await order.quantile(party, a!, 0.3)],
    expected: ([a]) => [[quantileOf(a!, 0.3)]],
    bound: (_, { truncation }) => truncation * 2 ** -16 + 128 * 2 ** -29
  },
  {
    name: 'numbers/order.quantiles',
    shapes: ['vector'],
    inputs: one,
    run: (party, [a]) => order.quantiles(party, a!, [0, 0.4, 1]),
    expected: ([a]) => [0, 0.4, 1].map(q => [quantileOf(a!, q)]),
    bound: (_, { truncation }) => truncation * 2 ** -16 + 128 * 2 ** -29
  },
  {
    name: 'numbers/foreign.foreignSecret',
    shapes: SHAPES,
    inputs: (random, shape) => {
      const { count, columns } = sizeOfShape(shape)
      return [{ values: Array.from({ length: count }, () => Math.round(16 * random() - 8)), magnitude: 3, columns }]
    },
    run: async (party, [a]) => [await foreignSecret(party, a!.shares, { magnitude: 3, columns: a!.columns })],
    expected: ([a]) => [a!],
    bound: exact,
    slow: true
  },
  {
    name: 'numbers/load.loadSecrets',
    shapes: SHAPES,
    inputs: two,
    run: (party, inputs) =>
      loadSecrets(
        party,
        inputs.map(({ shares, columns }) => ({ shares, shape: { magnitude: 6, fraction: 4, columns } }))
      ),
    expected: ([a, b]) => [a!, b!],
    bound: exact
  }
]
