/** The workloads of `npm run bench:mpc`, run by each party in its own process. */
import { expand, type Package } from '@enigma/mpc/client'
import * as mpc from '@enigma/mpc'
import type { Party, Secret } from '@enigma/mpc'
import { CHECKS } from './checks.ts'

interface Size {
  readonly count: number
}

/** Shares of small whole numbers that nobody chose: enough for timing. */
function numbers(party: Party, count: number, { columns = 1, fraction = 0, magnitude = 63 } = {}): Secret {
  const op = party.operation('bench-input')
  return mpc.secret(party, op.bounded(count, 26 - Math.ceil(Math.log2(party.session.setCount))).whole, {
    columns,
    fraction,
    magnitude: magnitude - fraction
  })
}

/** What the last program made: for `check`, which is not timed. */
let made: { readonly operands: readonly Secret[]; readonly results: readonly Secret[] } = { operands: [], results: [] }

/** A result counts when it may leave the node: in active mode after the check of its products. Gives the soundness of the checks. */
async function done(party: Party, operands: readonly Secret[], ...results: readonly Secret[]): Promise<number> {
  for (const { shares } of results) await mpc.release(party, shares)
  made = { operands, results }
  return party.soundnessBits
}

export const idle = async (): Promise<number> => 0

export async function input(party: Party, { dealt }: { dealt: Package }): Promise<number> {
  const shares = expand(party.field, dealt)
  return done(party, [], mpc.secret(party, shares, { magnitude: 40 }))
}

export async function mul(party: Party, { count }: Size): Promise<number> {
  const [x, y] = prepared(party, count)
  return done(party, [x, y], await mpc.mul(party, x, y))
}

const cache = new Map<string, Secret[]>()
function prepared(party: Party, count: number, options: Parameters<typeof numbers>[2] = {}): [Secret, Secret] {
  const name = `${count}/${JSON.stringify(options)}`
  const found = cache.get(name)
  if (found) return found as [Secret, Secret]
  const made: [Secret, Secret] = [numbers(party, count, options), numbers(party, count, options)]
  cache.set(name, made)
  return made
}

/** Makes the operands of a workload before it is timed. */
export async function prepare(party: Party, { count, name }: { count: number; name: string }): Promise<number> {
  cache.clear()
  const { shape } = SHAPES[name]!
  prepared(party, shape.elements(count), shape.options)
  return 0
}

export async function dot(party: Party, { count }: Size): Promise<number> {
  const [x, y] = prepared(party, count, SMALL)
  return done(party, [x, y], await mpc.dot(party, x, y))
}

export async function matmul(party: Party): Promise<number> {
  const [x, y] = prepared(party, 10_000, { columns: 100, magnitude: 40 })
  return done(party, [x, y], await mpc.matmul(party, x, y))
}

const SMALL = { magnitude: 40 }
const FIXED = { magnitude: 40, fraction: 16 }

export async function eq(party: Party, { count }: Size): Promise<number> {
  const [x, y] = prepared(party, count)
  return done(party, [x, y], await mpc.eqBlinded(party, x, y))
}

/** The same with a result that stays shared: 1 or 0. */
export async function eqSecret(party: Party, { count }: Size): Promise<number> {
  const [x, y] = prepared(party, count)
  return done(party, [x, y], await mpc.eq(party, x, y))
}

export async function lessThan(party: Party, { count }: Size): Promise<number> {
  const [x, y] = prepared(party, count, { magnitude: 62 })
  return done(party, [x, y], await mpc.lt(party, x, y))
}

export async function fixedMul(party: Party, { count }: Size): Promise<number> {
  const [x, y] = prepared(party, count, FIXED)
  return done(party, [x, y], await mpc.mul(party, x, y))
}

export async function meanVar(party: Party, { count }: Size): Promise<number> {
  const [x] = prepared(party, count, FIXED)
  const [mean, variance] = await mpc.parallel<[Secret, Secret]>(party, [
    branch => mpc.mean(branch, x),
    branch => mpc.variance(branch, x)
  ])
  return done(party, [x], mean, variance)
}

export async function linreg(party: Party, { count }: Size): Promise<number> {
  const [design, right] = prepared(party, count * 10, { columns: 10, magnitude: 26, fraction: 16 })
  const target = mpc.range(party, right, 0, count)
  const { value, valid } = await mpc.leastSquares(party, design, target)
  return done(party, [design, target], value, valid)
}

export async function max(party: Party, { count }: Size): Promise<number> {
  const [x] = prepared(party, count, { magnitude: 62 })
  return done(party, [x], await mpc.max(party, x))
}

export async function inverse(party: Party): Promise<number> {
  const [x] = prepared(party, 100, { columns: 10, magnitude: 26, fraction: 16 })
  const { value, valid } = await mpc.inverse(party, x)
  return done(party, [x], value, valid)
}

/** A chain: each step waits for the one before. */
export async function mulLatency(party: Party, { count }: Size): Promise<number> {
  const [first, y] = prepared(party, 1, { magnitude: 1 })
  let x = first
  for (let i = 0; i < count; i++) x = { ...(await mpc.mul(party, x, y)), bits: 1 }
  return done(party, [first, y], x)
}

export async function lessThanLatency(party: Party, { count }: Size): Promise<number> {
  const [x, y] = prepared(party, 1, { magnitude: 62 })
  let last = x
  for (let i = 0; i < count; i++) last = await mpc.lt(party, x, y)
  return done(party, [x, y], last)
}

/**
 * Whether what the last program made is right, by opening operands and results: `at` chosen places of both where each result belongs to one
 * place, else everything. A sentence if it is not.
 */
export async function check(party: Party, { name, count }: { name: string; count: number }): Promise<string | null> {
  const { operands, results } = made
  const clear = CHECKS[name]!
  const places = Array.from({ length: Math.min(SAMPLE, count) }, (_, i) =>
    Math.floor((i * count) / Math.min(SAMPLE, count))
  )
  const open = async (value: Secret): Promise<bigint[]> => {
    const whole = clear.isWhole || value.rows * value.columns === 1
    const wanted = whole ? value : mpc.pick(party, value, places)
    return party.field.toSigned((await mpc.openChecked(party, wanted.shares)).values)
  }
  const opened: bigint[][] = []
  for (const value of [...operands, ...results]) opened.push(await open(value))
  return clear.complaint(opened.slice(0, operands.length), opened.slice(operands.length), {
    places,
    count,
    p: party.field.p,
    sets: party.session.setCount
  })
}
const SAMPLE = 500

/** Bare messages of 64 bytes between the parties 0 and 1, there and back. */
export async function roundTrips(party: Party, { count }: Size): Promise<number> {
  const op = party.operation('ping')
  const body = new Uint8Array(64)
  const times: number[] = []
  for (let step = 0; step < count; step++) {
    const began = performance.now()
    if (party.index === 0) {
      await op.sendBytes(1, step, body)
      await op.receiveBytes(1, step, 64)
    } else if (party.index === 1) {
      await op.receiveBytes(0, step, 64)
      await op.sendBytes(0, step, body)
    }
    times.push(performance.now() - began)
  }
  return times.sort((a, b) => a - b)[count >> 1]!
}

const plain = { elements: (count: number) => count, options: {} as Parameters<typeof numbers>[2] }
/** What `prepare` makes for each workload. */
const SHAPES: Record<string, { shape: typeof plain }> = {
  mul: { shape: plain },
  dot: { shape: { ...plain, options: SMALL } },
  matmul: { shape: { elements: () => 10_000, options: { columns: 100, magnitude: 40 } } },
  eq: { shape: plain },
  eqSecret: { shape: plain },
  lessThan: { shape: { ...plain, options: { magnitude: 62 } } },
  fixedMul: { shape: { ...plain, options: FIXED } },
  meanVar: { shape: { ...plain, options: FIXED } },
  linreg: { shape: { elements: count => count * 10, options: { columns: 10, magnitude: 26, fraction: 16 } } },
  max: { shape: { ...plain, options: { magnitude: 62 } } },
  inverse: { shape: { elements: () => 100, options: { columns: 10, magnitude: 26, fraction: 16 } } },
  mulLatency: { shape: { elements: () => 1, options: { magnitude: 1 } } },
  lessThanLatency: { shape: { elements: () => 1, options: { magnitude: 62 } } }
}
