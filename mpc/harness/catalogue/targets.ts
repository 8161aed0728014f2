import { DEFAULT_PRIME, Field } from '../../src/field/field.ts'
import { release } from '../../src/protocols/release.ts'
import { operations } from './index.ts'
import type { Operation } from './operation.ts'
import { complaint, precisionOf, prepare } from './play.ts'
import { protocols, type Setting, type Target } from './protocols.ts'

/** Anything that nodes do together, as attackers and bookkeepers see it. */
export interface AttackTarget {
  readonly name: string
  readonly slow: boolean
  readonly blames: boolean
  /** A program, and what is right of its released values. */
  readonly make: (
    random: () => number,
    setting: Setting
  ) => {
    start: (setting: Setting) => Target
    right: (values: readonly bigint[]) => boolean
  }
}

const field = Field.of(DEFAULT_PRIME)

/** An operation on numbers whose results are released as one vector; judged by its stated errors. */
function targetOf(operation: Operation): AttackTarget {
  return {
    name: operation.name,
    slow: operation.slow ?? false,
    blames: true,
    make(random, { n, t }) {
      const prepared = prepare(operation, operation.shapes[0]!, random, { n, t, prime: DEFAULT_PRIME })
      let fractions: number[] = []
      return {
        start: () => async party => {
          const results = await operation.run(party, prepared.at(party))
          fractions = results.map(({ fraction }) => fraction)
          return release(party, field.concat(results.map(({ shares }) => shares)))
        },
        right(values) {
          let at = 0
          const found = prepared.expected.map((exact, i) =>
            values.slice(at, (at += exact.length)).map(v => Number(v) / 2 ** fractions[i]!)
          )
          return at === values.length && complaint(prepared, found, precisionOf(n, t)) === null
        }
      }
    }
  }
}

/** Every protocol and every operation. */
export const targets: readonly AttackTarget[] = [
  ...protocols.map(({ name, start, right, blames = false }) => ({
    name,
    slow: false,
    blames,
    make: (_: () => number, setting: Setting) => ({
      start,
      right: (values: readonly bigint[]) => right(values, setting)
    })
  })),
  ...operations.map(targetOf)
]
