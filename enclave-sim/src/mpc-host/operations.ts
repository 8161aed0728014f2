import * as mpc from '@enigma/mpc'
import type { Party, Secret } from '@enigma/mpc'

type Operation = (party: Party, inputs: readonly Secret[]) => Promise<Secret> | Secret

const first =
  (run: (party: Party, x: Secret) => Promise<Secret> | Secret): Operation =>
  (party, [x]) =>
    run(party, x!)
const two =
  (run: (party: Party, x: Secret, y: Secret) => Promise<Secret> | Secret): Operation =>
  (party, [x, y]) =>
    run(party, x!, y!)

/** What a host may ask of a session, by name, and how many inputs it takes. Nothing else opens or releases anything. */
export const OPERATIONS: Readonly<Record<string, { readonly inputs: number; readonly run: Operation }>> = {
  sum: { inputs: 1, run: first(mpc.sum) },
  product: { inputs: 2, run: two((party, x, y) => mpc.mul(party, x, y)) },
  dot: { inputs: 2, run: two((party, x, y) => mpc.dot(party, x, y)) },
  mean: { inputs: 1, run: first((party, x) => mpc.mean(party, x)) },
  variance: { inputs: 1, run: first((party, x) => mpc.variance(party, x)) },
  'less-than': { inputs: 2, run: two(mpc.lt) },
  max: { inputs: 1, run: first(mpc.max) },
  min: { inputs: 1, run: first(mpc.min) }
}
