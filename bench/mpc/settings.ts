import { parseArgs } from 'node:util'
import { checkNetwork, DEFAULT_PRIME, FAST_PRIME, type NumberFormat } from '@enigma/mpc'
import { WORKLOADS, type Workload } from './workloads.ts'

export interface Settings {
  readonly json: boolean
  readonly quick: boolean
  readonly withJiff: boolean
  readonly n: number
  readonly t: number
  readonly prime: bigint
  readonly security: 'passive' | 'active'
  /** E and F of the network, checked before anything is started. */
  readonly numbers: NumberFormat
  readonly workloads: readonly Workload[]
}

/** From the command line; ends the process with a sentence if that makes no sense. */
export function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      n: { type: 'string', default: '3' },
      t: { type: 'string', default: '1' },
      prime: { type: 'string', default: 'default' },
      security: { type: 'string', default: 'passive' },
      'whole-bits': { type: 'string', default: '32' },
      'fraction-bits': { type: 'string', default: '16' },
      only: { type: 'string' },
      'with-jiff': { type: 'boolean', default: false }
    }
  })
  const { security } = values
  if (security !== 'passive' && security !== 'active') {
    return refuse(`There is no security mode ${security}; choose passive or active.`)
  }
  const names = values.only?.split(',') ?? WORKLOADS.map(({ name }) => name)
  const unknown = names.filter(name => !WORKLOADS.some(workload => workload.name === name))
  if (unknown.length > 0) {
    return refuse(`No workload ${unknown.join(', ')}. There are: ${WORKLOADS.map(({ name }) => name).join(', ')}.`)
  }
  const [n, t] = [Number(values.n), Number(values.t)]
  if (!Number.isInteger(n) || !Number.isInteger(t)) return refuse('--n and --t are whole numbers.')
  const known: Record<string, bigint> = { default: DEFAULT_PRIME, fast: FAST_PRIME }
  if (!(values.prime in known) && !/^\d+$/.test(values.prime)) {
    return refuse('--prime is "default", "fast" or a number.')
  }
  const prime = known[values.prime] ?? BigInt(values.prime)
  const numbers = { wholeBits: Number(values['whole-bits']), fractionBits: Number(values['fraction-bits']) }
  try {
    checkNetwork({ prime, n, t, ...numbers })
  } catch (error) {
    return refuse((error as Error).message)
  }
  return {
    json: values.json,
    quick: values.quick,
    withJiff: values['with-jiff'],
    n,
    t,
    prime,
    security,
    numbers,
    workloads: WORKLOADS.filter(({ name }) => names.includes(name))
  }
}

function refuse(sentence: string): never {
  console.error(sentence)
  process.exit(2)
}
