import type { MpcError } from '../errors.ts'
import type { Field, Vec } from '../field/field.ts'
import type { Shamir } from '../sharing/shamir.ts'
import type { Stock } from '../pool/stock.ts'
import type { Channel, WaitOptions } from './channel.ts'
import type { PartyKeys } from './keys.ts'
import type { StreamSource } from './streams.ts'

export type Security = 'passive' | 'active'

export interface KeySet {
  readonly number: number
  /** The value of the set's polynomial at this party's point, as a number and as an element. */
  readonly value: bigint
  readonly weight: Vec
  /** In form twice over: times plain words it gives elements in form. */
  readonly plainWeight: Vec
}

/** What all operations of a session share. */
export interface Session extends WaitOptions {
  readonly field: Field
  readonly n: number
  readonly t: number
  readonly index: number
  /** The nodes that take part: all of them, or all but those left out after a dispute. */
  readonly present: readonly number[]
  /** The same without this node. */
  readonly others: readonly number[]
  /** The nodes that reshare products: the first 2t + 1 present ones. */
  readonly dealers: readonly number[]
  /** Whether a failed check can find out who was wrong: active, and n >= 3t + 1. */
  readonly canBlame: boolean
  readonly shamir: Shamir
  readonly channel: Channel
  readonly keys: PartyKeys
  /** Streams under this session's keys: by set number, null where this node is no member; and by peer. */
  readonly streams: {
    readonly sets: readonly (StreamSource | null)[]
    readonly pairs: readonly (StreamSource | null)[]
  }
  /** Sets this party is a member of. */
  readonly mySets: readonly KeySet[]
  readonly setCount: number
  readonly statisticalBits: number
  readonly security: Security
  /** Operations derive shapes and bounds and do nothing else: `rehearse`. */
  readonly rehearsal: boolean
  /** Operations that were rehearsed without being refused, with the kind of their operands: `planned`. */
  readonly rehearsed: Set<string>
  /** Told what this node saw of a failed check, for it to sign: `judge` of several of these names a node or a pair. */
  readonly onDispute: ((view: Uint8Array) => void) | undefined
  /** Set by the first failed check; nothing may be sent after it. */
  readonly state: {
    failure: MpcError | null
    /** What `reserveStock` got for this session. */
    stock: Stock | null
    /** Parties whose wrong shares were corrected. */ readonly suspects: Set<number>
    /** The chance that a wrong product or gate passed one of the checks so far. */
    unsound: number
  }
  /** Lagrange coefficients at 0 over the points of the dealers. */
  readonly productWeights: readonly bigint[]
}
