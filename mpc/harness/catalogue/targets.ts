import { DEFAULT_PRIME, Field } from '../../src/field/field.ts'
import { release } from '../../src/protocols/release.ts'
import type { Security } from '../../src/session/party.ts'
import type { Intercept } from '../../src/session/memory-channel.ts'
import { operations } from './index.ts'
import { attackedShapes, type Operation, type Shape } from './operation.ts'
import { parts } from './parts.ts'
import { complaint, precisionOf, prepare } from './play.ts'
import type { Protocol, Setting, Target } from './protocol.ts'
import { protocols } from './protocols.ts'

/** A program with its inputs, and what is right of its released values. */
export interface Made {
  /** Of the inputs: what costs depend on. */
  readonly size: string
  readonly start: (setting: Setting) => Target
  readonly right: (values: readonly bigint[]) => boolean
}

/** Anything that nodes do together, as attackers and bookkeepers see it. */
export interface AttackTarget {
  readonly name: string
  readonly slow: boolean
  readonly blames: boolean
  /** It runs in another one that is attacked, or in passive mode only. */
  readonly inside: boolean
  readonly modes: readonly Security[]
  readonly fits: (setting: Setting) => boolean
  /** Inputs of any kind that leave something to do. */
  readonly make: (random: () => number, setting: Setting) => Made
  /** Inputs that costs are counted for: a small one, and where it matters a large one. */
  readonly counted: (random: () => number, setting: Setting) => Made[]
  readonly tamper?: () => Intercept
}

const field = Field.of(DEFAULT_PRIME)

/** An operation on numbers whose results are released as one vector; judged by its stated errors. */
function targetOf(operation: Operation): AttackTarget {
  const shapes = attackedShapes(operation)
  const make = (random: () => number, { n, t }: Setting, shape: Shape): Made => {
    const prepared = prepare(operation, shape, random, { n, t, prime: DEFAULT_PRIME })
    let fractions: number[] = []
    const count = prepared.inputs[0]!.length
    return {
      size:
        prepared.columns > 1
          ? `${count / prepared.columns} x ${prepared.columns} elements`
          : count === 1
            ? '1 element'
            : `${count} elements`,
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
  return {
    name: operation.name,
    slow: operation.slow ?? false,
    blames: true,
    inside: false,
    modes: ['passive', 'active'],
    fits: () => true,
    make: (random, setting) => make(random, setting, shapes[Math.floor(random() * shapes.length)]!),
    counted(random, setting) {
      const small = make(random, setting, shapes[0]!)
      if (!operation.shapes.includes('vector') || operation.slow) return [small]
      const large = make(random, setting, 'batch')
      return large.size === small.size ? [small] : [small, large]
    }
  }
}

function protocolTarget(protocol: Protocol): AttackTarget {
  const { name, start, right, blames = false, size = 4, batch, inside = false, tamper } = protocol
  const made = (setting: Setting, size: string, times?: number): Made => ({
    size,
    start: each => start(each, times),
    right: values => right(values, setting)
  })
  return {
    name,
    slow: false,
    blames,
    inside,
    modes: protocol.modes ?? ['passive', 'active'],
    fits: protocol.fits ?? (() => true),
    make: (_, setting) => made(setting, ''),
    counted: (_, setting) => [
      made(setting, typeof size === 'number' ? `${size} elements` : size),
      ...(batch ? [{ ...made(setting, `${Number(size) * batch} elements`, batch), right: () => true }] : [])
    ],
    ...(tamper ? { tamper } : {})
  }
}

/** Every protocol, what they are made of, and every operation. */
export const targets: readonly AttackTarget[] = [
  ...[...protocols, ...parts].map(protocolTarget),
  ...operations.map(targetOf)
]
