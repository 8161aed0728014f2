import { shapeError } from '../errors.ts'
import { isNegative, isZero } from '../protocols/compare.ts'
import { matrix } from '../protocols/product.ts'
import { reduceProduct } from '../protocols/multiply.ts'
import { parallel } from '../protocols/masked.ts'
import type { Party } from '../session/party.ts'
import { add, scaleReal, sub } from './arithmetic.ts'
import { alignTo, element, requireChecked, sizeOf, type Secret } from './secret.ts'
import { planned } from '../plan/rehearse.ts'

/**
 * The values of the given ranks (0: the smallest), exact, as a column. Which element has a rank stays hidden.
 *
 * Few values are compared all with all: each one's rank is a sum of bits, and its value is picked by comparing ranks. Many are
 * searched bit by bit: the value of rank k is the largest v with at most k elements below it.
 *
 * - Shapes: any of k elements, and ranks below k; a column with one element for each rank.
 * - Cost: the way with fewer comparisons: m (m - 1) / 2 in one batch and m more for each rank, in two comparisons' rounds; or
 *   m + 1 for each of the bits and each rank, in two comparisons' rounds for each bit.
 * - Security: that of `isNegative`, `isZero` and `mul`; nothing is opened besides.
 * - Accuracy: exact, as the comparisons (`lt`).
 * @see docs/spec/mpc.md 5.9.
 * @cost n = 3, 5 elements: passive 14 rounds, 4528 bytes; active, proved 31 rounds, 17702 bytes
 * @cost n = 3, 40 elements: passive 14 rounds, 106288 bytes; active, proved 38 rounds, 140710 bytes
 * @cost n = 4, 5 elements: passive 15 rounds, 26016 bytes; active, proved 60 rounds, 39108 bytes
 */
export function orderStatistics(party: Party, values: Secret, ranks: readonly number[]): Promise<Secret> {
  return planned(party, 'order', [values, ranks], op => orderStatisticsSteps(op, values, ranks))
}

async function orderStatisticsSteps(op: Party, values: Secret, ranks: readonly number[]): Promise<Secret> {
  requireChecked('order', values)
  const count = sizeOf(values)
  if (ranks.length === 0 || ranks.some(rank => !Number.isInteger(rank) || rank < 0 || rank >= count)) {
    throw shapeError('order', `Of ${count} values, ranks from 0 to ${count - 1} exist.`)
  }
  const bits = Math.max(1, Math.floor(values.bits) + 1)
  const pairs = (count * (count - 1)) / 2
  return pairs <= ranks.length * count * bits ? byPairs(op, values, ranks) : byBits(op, values, ranks, bits)
}

async function byPairs(op: Party, values: Secret, ranks: readonly number[]): Promise<Secret> {
  const { field } = op
  const count = sizeOf(values)
  const first: number[] = []
  const second: number[] = []
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) {
      first.push(i)
      second.push(j)
    }
  const difference = field.sub(field.gather(values.shares, second), field.gather(values.shares, first))
  // 1 where the later element is smaller; among equals the earlier one has the lower rank
  const smaller = await isNegative(op, difference, Math.floor(values.bits) + 2)
  const places = Array.from({ length: count }, () => field.zeros(1))
  const one = field.constant(1n)
  for (let pair = 0; pair < first.length; pair++) {
    const bit = field.slice(smaller, pair, pair + 1)
    const [i, j] = [first[pair]!, second[pair]!]
    places[i] = field.add(places[i]!, bit)
    places[j] = field.add(places[j]!, field.sub(one, bit))
  }
  const all = field.concat(places)
  const wanted = field.concat(ranks.map(rank => field.sub(all, field.constant(BigInt(rank)))))
  const chosen = await isZero(op, wanted, Math.ceil(Math.log2(count + 1)) + 1)
  const product = matrix(field, chosen, values.shares, ranks.length, count, 1)
  return { ...values, shares: await reduceProduct(op, product), rows: ranks.length, columns: 1 }
}

async function byBits(op: Party, values: Secret, ranks: readonly number[], bits: number): Promise<Secret> {
  const { field } = op
  const count = sizeOf(values)
  const k = ranks.length
  // |x| <= 2^bits - 1, so the search begins at -2^bits and adds 2^bits, 2^(bits-1), ..., 1
  let found = field.fill(field.constant(-(2n ** BigInt(bits))), k)
  const goal = field.from(ranks.map(rank => BigInt(rank)))
  const repeated = field.concat(ranks.map(() => values.shares))
  for (let bit = bits; bit >= 0; bit--) {
    const next = field.add(found, field.constant(2n ** BigInt(bit)))
    const spread = field.concat(field.split(next).map(value => field.fill(value, count)))
    const below = await isNegative(op, field.sub(repeated, spread), bits + 1)
    const counts = field.concat(ranks.map((_, i) => field.sum(field.slice(below, i * count, (i + 1) * count))))
    const tooMany = await isNegative(op, field.sub(goal, counts), Math.ceil(Math.log2(count + 1)) + 1)
    const step = field.scale(field.sub(field.constant(1n), tooMany), 2n ** BigInt(bit))
    found = field.add(found, step)
  }
  return { ...values, shares: found, rows: k, columns: 1 }
}

/**
 * The middle value; for an even number of values the mean of the middle two, with one fraction bit more. Exact.
 *
 * - Shapes: any of one element and more; the result is a scalar.
 * - Accuracy, security, source: as `orderStatistics`.
 * @cost n = 3, 5 elements: passive 14 rounds, 2704 bytes; active, proved 29 rounds, 15870 bytes
 * @cost n = 3, 40 elements: passive 14 rounds, 106288 bytes; active, proved 38 rounds, 140710 bytes
 * @cost n = 4, 5 elements: passive 15 rounds, 22488 bytes; active, proved 57 rounds, 35745 bytes
 */
export function median(party: Party, values: Secret): Promise<Secret> {
  return planned(party, 'median', [values], op => medianSteps(op, values))
}

async function medianSteps(op: Party, values: Secret): Promise<Secret> {
  const count = sizeOf(values)
  if (count === 0) throw shapeError('median', 'The median of nothing.')
  if (count % 2 === 1) return orderStatistics(op, values, [(count - 1) / 2])
  const middle = await orderStatistics(op, values, [count / 2 - 1, count / 2])
  const sum = add(op, element(op, middle, 0), element(op, middle, 1))
  return { ...sum, fraction: values.fraction + 1, bits: Math.min(sum.bits, values.bits + 1) }
}

/**
 * Quantiles between the order statistics by straight lines, as most statistics programs do it (Hyndman and Fan's type 7):
 * quantile q lies at rank q (m - 1). One element for each q.
 * - Shapes: any of one element and more; a scalar for each quantile.
 * - Accuracy: the truncation error in the last of `fraction` places (16 or those of the data), and 2^-29 of the distance
 *   between the two neighbours.
 * - Security: as `orderStatistics`, and as `truncate` for the straight lines.
 * @see Hyndman, Fan: "Sample quantiles in statistical packages", 1996; docs/spec/mpc.md 5.9.
 * @cost n = 3, 5 elements: passive 15 rounds, 8200 bytes; active, proved 32 rounds, 22310 bytes
 * @cost n = 3, 40 elements: passive 15 rounds, 152440 bytes; active, proved 41 rounds, 188598 bytes
 * @cost n = 4, 5 elements: passive 16 rounds, 33096 bytes; active, proved 61 rounds, 48156 bytes
 */
export function quantiles(
  party: Party,
  values: Secret,
  at: readonly number[],
  options: { readonly fraction?: number } = {}
): Promise<Secret[]> {
  return planned(party, 'quantiles', [values, at, options], op => quantilesSteps(op, values, at, options))
}

async function quantilesSteps(
  op: Party,
  values: Secret,
  at: readonly number[],
  { fraction = Math.max(16, values.fraction) }: { readonly fraction?: number }
): Promise<Secret[]> {
  const count = sizeOf(values)
  if (count === 0 || at.some(q => !(q >= 0 && q <= 1))) throw shapeError('quantile', 'A quantile lies between 0 and 1.')
  if (fraction < values.fraction) throw shapeError('quantile', 'A quantile keeps the fraction bits of the data.')
  const ranks = at.map(q => q * (count - 1))
  const needed = [...new Set(ranks.flatMap(rank => [Math.floor(rank), Math.ceil(rank)]))]
  const found = alignTo(op, await orderStatistics(op, values, needed), fraction)
  const value = (rank: number): Secret => element(op, found, needed.indexOf(rank))
  return parallel<Secret[]>(
    op,
    ranks.map(rank => async (branch: Party): Promise<Secret> => {
      const [low, high] = [value(Math.floor(rank)), value(Math.ceil(rank))]
      if (Number.isInteger(rank)) return low
      const between = await scaleReal(branch, sub(branch, high, low), rank - Math.floor(rank))
      return add(branch, low, between)
    })
  )
}

/**
 * One of `quantiles`.
 *
 * - Shapes, accuracy, security, source: as `quantiles`.
 * @cost n = 3, 5 elements: passive 15 rounds, 4552 bytes; active, proved 32 rounds, 17750 bytes
 * @cost n = 3, 40 elements: passive 15 rounds, 106312 bytes; active, proved 39 rounds, 140758 bytes
 * @cost n = 4, 5 elements: passive 16 rounds, 26040 bytes; active, proved 61 rounds, 39180 bytes
 */
export async function quantile(
  party: Party,
  values: Secret,
  q: number,
  options: { readonly fraction?: number } = {}
): Promise<Secret> {
  return (await quantiles(party, values, [q], options))[0]!
}
