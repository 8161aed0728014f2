import { randomBytes } from 'node:crypto'
import { Field } from '@enigma/mpc'

/** Best of a few short runs, operations a second. */
function rate(count: number, run: () => void): number {
  let best = Infinity
  for (let i = 0; i < 7; i++) {
    const began = process.hrtime.bigint()
    run()
    best = Math.min(best, Number(process.hrtime.bigint() - began))
  }
  return (count * 1e9) / best
}

/** One modular multiplication after the other in this process alone: what the machine gives without any protocol. */
export function bareRates(prime: bigint): { bigint: number; wasm: number } {
  const field = Field.of(prime)
  const count = 100_000
  const [x, y] = [0, 1].map(() => field.sample(count, bytes => randomBytes(bytes)))
  const [a, b] = [field.toBigints(x!), field.toBigints(y!)]
  let kept = 0n
  const bigint = rate(count, () => {
    for (let i = 0; i < count; i++) kept = (a[i]! * b[i]!) % prime
  })
  const wasm = rate(count, () => field.mul(x!, y!))
  if (kept < 0n) throw new Error('unreachable')
  return { bigint, wasm }
}
