import type { Field, Vec } from '../field/field.ts'
import { powers } from './coin.ts'
import { breathe } from './reshare.ts'

/** After computing on so many elements the event loop gets its turn. */
export const SLICE = 32_768

async function bySlices(count: number, run: (from: number, to: number) => void): Promise<void> {
  for (let at = 0; at < count; at += SLICE) {
    run(at, Math.min(count, at + SLICE))
    if (count > SLICE) await breathe()
  }
}

export async function longDot(field: Field, x: Vec, y: Vec): Promise<Vec> {
  let sum = field.zeros(1)
  await bySlices(field.length(x), (from, to) => {
    const part = field.dot(field.slice(x, from, to), field.slice(y, from, to))
    sum = from === 0 ? part : field.add(sum, part)
  })
  return sum
}

/** Element by element; y may be one element. */
export async function longMul(field: Field, x: Vec, y: Vec): Promise<Vec> {
  const out = field.zeros(field.length(x))
  const single = field.length(y) === 1
  await bySlices(field.length(x), (from, to) => {
    field.mul(field.slice(x, from, to), single ? y : field.slice(y, from, to), field.slice(out, from, to))
  })
  return out
}

/** 1, r, r^2, ... of a public r. */
export async function longPowers(field: Field, r: bigint, count: number): Promise<Vec> {
  if (count <= SLICE) return powers(field, r, count)
  const out = field.zeros(count)
  out.set(powers(field, r, SLICE))
  let step = r
  for (let have = 1; have < SLICE; have *= 2) step = (step * step) % field.p
  const factor = field.from([step])
  await bySlices(count, (from, to) => {
    if (from > 0) field.mul(field.slice(out, from - SLICE, to - SLICE), factor, field.slice(out, from, to))
  })
  return out
}
