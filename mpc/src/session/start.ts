import { hash } from 'node:crypto'
import { parameterError } from '../errors.ts'
import type { Field } from '../field/field.ts'
import { checkParameters, DEFAULT_STATISTICAL_BITS, type NumberFormat } from '../plan/room.ts'
import { lagrange, pointOf, Shamir } from '../sharing/shamir.ts'
import { keySets, setPolynomial } from '../sharing/subsets.ts'
import type { Channel } from './channel.ts'
import type { PartyKeys } from './keys.ts'
import type { Security, Session } from './session.ts'
import { takeName } from './used-names.ts'
import { StreamSource } from './streams.ts'

export interface PartyOptions {
  readonly field: Field
  /** Number of nodes, and T - 1: the degree of sharings and the number of corrupt nodes that learn nothing. */
  readonly n: number
  readonly t: number
  readonly channel: Channel
  readonly keys: PartyKeys
  /** Unique for ever: masks of two sessions with one name under the same keys would be equal. A second one is refused. */
  readonly session: string
  /** One message may take this long. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Openings behind bounded masks reveal anything with a chance of at most 2^-this each. At least 40. */
  readonly statisticalBits?: number
  /** What corrupt nodes may do: keep to the protocol (passive), or anything (active, the default): docs/spec/mpc.md. */
  readonly security?: Security
  /**
   * The number format that the network declares; the same at all nodes. Refused if the modulus cannot carry it. Without one,
   * 8 whole bits and no fraction must fit, and every operation still checks the bounds of its operands.
   */
  readonly numbers?: NumberFormat
  /**
   * Nodes that take no part although they hold keys and shares, because an earlier session found them, or their pair, at fault.
   * At least 2t + 1 must stay. The same at all nodes; it enters the session, so all randomness is fresh.
   */
  readonly without?: readonly number[]
  /** Called once if a product check fails where n >= 3t + 1: what this node saw, to be signed and shown to the validator. */
  readonly onDispute?: (view: Uint8Array) => void
}

/** Less than this is no use to any program. */
const SMALLEST_NUMBERS: NumberFormat = { wholeBits: 8, fractionBits: 0 }

/** The name of a session's outermost operation: 32 hex digits that stand for all that its nodes agreed on. */
export interface Started {
  readonly session: Session
  readonly root: string
}

/** @throws MPC_PARAMETERS with a sentence, if the modulus, the numbers and the nodes do not go together. */
export function startSession(options: PartyOptions): Started {
  const { field, n, t, channel, keys, session, timeoutMs = 30_000, signal } = options
  const { statisticalBits = DEFAULT_STATISTICAL_BITS, security = 'active', numbers = SMALLEST_NUMBERS } = options
  const { without = [], onDispute } = options
  if (!(statisticalBits >= 40))
    throw parameterError('statisticalBits', 'The statistical margin must be at least 40 bits.')
  if (channel.size !== n) throw parameterError('channel', `The channel connects ${channel.size} parties, not ${n}.`)
  const shamir = new Shamir(field, n, t)
  const sets = keySets(n, t)
  checkParameters({ ...numbers, n, threshold: t + 1, bits: field.bits, setCount: sets.length, statisticalBits })
  const index = channel.index
  const present = Array.from({ length: n }, (_, i) => i).filter(i => !without.includes(i))
  if (present.length < 2 * t + 1 || !present.includes(index) || without.some(i => !(i >= 0 && i < n))) {
    throw parameterError(
      'without',
      `Without nodes ${without.join(', ')} this session cannot run at node ${index}: at least ${2 * t + 1} of ${n} must stay.`
    )
  }
  const dealers = present.slice(0, 2 * t + 1)
  const mySets = sets.flatMap((set, number) => {
    if (!set.includes(index)) return []
    const value = setPolynomial(set, n, pointOf(index), field.p)
    const weight = field.constant(value)
    return [{ number, value, weight, plainWeight: field.fromRaw(weight) }]
  })
  const productWeights = lagrange(dealers.map(pointOf), 0n, field.p)
  const agreed = `${n}/${t}/${field.p}/${security}/${statisticalBits}/${numbers.wholeBits}.${numbers.fractionBits}/${without.length > 0 ? `without ${[...without].sort((a, b) => a - b).join(',')}/` : ''}${session}`
  const root = hash('sha256', `enigma/mpc/session/2/${agreed}`, 'hex').slice(0, 32)
  takeName(keys, root)
  const sourceOf = (key: Uint8Array | null): StreamSource | null => (key ? new StreamSource(key, root) : null)
  return {
    session: {
      field,
      n,
      t,
      index,
      present,
      others: present.filter(i => i !== index),
      dealers,
      canBlame: security === 'active' && n >= 3 * t + 1,
      onDispute,
      shamir,
      channel,
      keys,
      streams: { sets: keys.sets.map(sourceOf), pairs: keys.pairs.map(sourceOf) },
      timeoutMs,
      signal,
      mySets,
      setCount: sets.length,
      statisticalBits,
      security,
      rehearsal: false,
      rehearsed: new Set(),
      state: { failure: null, stock: null, suspects: new Set(), unsound: 0 },
      productWeights
    },
    root
  }
}
