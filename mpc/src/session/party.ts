import { hash } from 'node:crypto'
import { MpcError, parameterError } from '../errors.ts'
import { type Field, type Vec } from '../field/field.ts'
import { keySets, setPolynomial } from '../sharing/subsets.ts'
import { checkParameters, DEFAULT_STATISTICAL_BITS, type NumberFormat } from '../plan/room.ts'
import { lagrange, pointOf, Shamir } from '../sharing/shamir.ts'
import type { Channel } from './channel.ts'
import { keyStream, type PartyKeys } from './keys.ts'
import type { Stock } from '../pool/stock.ts'
import { Ledger } from './ledger.ts'
import type { Security, Session } from './session.ts'

export type { Security, Session } from './session.ts'

export interface PartyOptions {
  readonly field: Field
  /** Number of nodes, and T - 1: the degree of sharings and the number of corrupt nodes that learn nothing. */
  readonly n: number
  readonly t: number
  readonly channel: Channel
  readonly keys: PartyKeys
  /** Unique for ever: masks of two sessions with one name under the same keys would be equal. */
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

export interface Bounded {
  readonly whole: Vec
  readonly high: Vec
  readonly pieces: readonly Vec[]
}

/** Less than this is no use to any program. */
const SMALLEST_NUMBERS: NumberFormat = { wholeBits: 8, fractionBits: 0 }

/** Bodies of one message: large vectors travel in chunks of this many elements, so computing and sending overlap. */
export const CHUNK_ELEMENTS = 8192

/**
 * One party's view of a running computation. Every protocol function takes a party and opens an operation of its own with
 * `party.operation(name)` before it first waits. Operations are named by their place in the program, so two parties that run
 * the same program agree on the names even if their operations interleave differently.
 */
export class Party {
  readonly session: Session
  readonly id: string
  /** Products of this branch that await their check (active mode). */
  readonly ledger: Ledger
  readonly #purposes = new Set<string>()
  readonly #inBranch: boolean
  #children = 0
  #step = 0

  /** @throws MPC_PARAMETERS with a sentence, if the modulus, the numbers and the nodes do not go together. */
  static create(options: PartyOptions): Party {
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
      return [{ number, value, weight: field.constant(value) }]
    })
    const productWeights = lagrange(dealers.map(pointOf), 0n, field.p)
    const agreed = `${n}/${t}/${field.p}/${security}/${statisticalBits}/${numbers.wholeBits}.${numbers.fractionBits}/${without.length > 0 ? `without ${[...without].sort((a, b) => a - b).join(',')}/` : ''}${session}`
    const root = hash('sha256', `enigma/mpc/session/1/${agreed}`, 'hex').slice(0, 32)
    return new Party(
      {
        field,
        n,
        t,
        index,
        present,
        dealers,
        canBlame: security === 'active' && n >= 3 * t + 1,
        onDispute,
        shamir,
        channel,
        keys,
        timeoutMs,
        signal,
        mySets,
        setCount: sets.length,
        statisticalBits,
        security,
        state: { failure: null, stock: null, suspects: new Set() },
        productWeights
      },
      root,
      new Ledger()
    )
  }

  private constructor(session: Session, id: string, ledger: Ledger, inBranch = false) {
    this.session = session
    this.id = id
    this.ledger = ledger
    this.#inBranch = inBranch
  }

  /** Material made ahead, for this line of the program; branches run in no fixed order and have none. */
  get stock(): Stock | null {
    return this.#inBranch ? null : this.session.state.stock
  }

  get field(): Field {
    return this.session.field
  }

  get index(): number {
    return this.session.index
  }

  get n(): number {
    return this.session.n
  }

  get t(): number {
    return this.session.t
  }

  /** The next operation below this one. Call it before the first `await` of a protocol. */
  operation(name: string): Party {
    return new Party(this.session, this.#childId(name), this.ledger, this.#inBranch)
  }

  /** As `operation`, with a ledger of its own: one of several concurrent branches. Use `parallel`, which settles the ledgers. */
  branch(name: string): Party {
    return new Party(this.session, this.#childId(name), new Ledger(), true)
  }

  /** Parties that sent wrong shares in openings that could be corrected (N >= 3(T-1)+1). */
  get suspects(): readonly number[] {
    return [...this.session.state.suspects].sort((a, b) => a - b)
  }

  /** The nodes that take part, without this one. */
  get others(): number[] {
    return this.session.present.filter(i => i !== this.index)
  }

  get active(): boolean {
    return this.session.security === 'active'
  }

  /** Ends the session for this party: whatever it would send after a failed check could say too much. */
  fail(failure: MpcError): never {
    this.session.state.failure ??= failure
    throw failure
  }

  #childId(name: string): string {
    return hash('sha256', `${this.id}/${this.#children++}/${name}`, 'hex').slice(0, 32)
  }

  #assertAlive(): void {
    const { failure } = this.session.state
    if (failure) throw failure
  }

  /** A number for the next message of this operation; chunked messages take `count` in a row. */
  step(count = 1): number {
    const first = this.#step
    this.#step += count
    return first
  }

  // ---- messages ----------------------------------------------------------------------------------------------------

  send(to: number, step: number, values: Vec): Promise<void> | undefined {
    this.#assertAlive()
    return this.session.channel.send(to, this.id, step, this.field.toBytes(values))
  }

  sendBytes(to: number, step: number, body: Uint8Array): Promise<void> | undefined {
    this.#assertAlive()
    return this.session.channel.send(to, this.id, step, body)
  }

  receiveBytes(from: number, step: number, bytes: number): Promise<Uint8Array> {
    return this.session.channel.receive(from, this.id, step, bytes, this.session)
  }

  /** `count` elements from a party, each checked to be one. */
  async receive(from: number, step: number, count: number): Promise<Vec> {
    const values = this.field.fromBytes(await this.receiveBytes(from, step, count * this.field.bytes))
    if (!this.field.valid(values)) {
      throw new MpcError(
        { code: 'MPC_MESSAGE', from, operation: this.id },
        `Party ${from} sent what is no field element.`
      )
    }
    return values
  }

  // ---- randomness without communication ----------------------------------------------------------------------------

  /** The stream that only the members of a set can compute. One purpose per operation. */
  setStream(set: number, purpose: string): (bytes: number) => Uint8Array {
    return keyStream(this.#claim(this.session.keys.sets[set], `set ${set}`, purpose), this.id, purpose)
  }

  /** The stream that only this party and `peer` can compute. */
  pairStream(peer: number, purpose: string): (bytes: number) => Uint8Array {
    return keyStream(this.#claim(this.session.keys.pairs[peer], `pair ${peer}`, purpose), this.id, `${purpose}/pair`)
  }

  /**
   * Shares of `count` uniform secrets, degree t. Uniform given any t parties, because one set holds none of them.
   * @see Cramer, Damgard, Ishai: "Share conversion, pseudorandom secret-sharing ...", TCC 2005, section 3.
   */
  random(count: number, purpose = 'random'): Vec {
    const { mySets } = this.session
    const pieces = mySets.map(({ number }) => this.field.sample(count, this.setStream(number, purpose)))
    return this.field.combine(
      mySets.map(({ weight }) => weight),
      pieces
    )
  }

  /** Shares of 0 on uniform polynomials of degree 2t: sum over sets of f_A(x) (r_1 x + ... + r_t x^t). Same paper, section 4. */
  zero(count: number, purpose = 'zero'): Vec {
    return this.zeros(purpose)(count)
  }

  /** As `zero`, some at a time. */
  zeros(purpose = 'zero'): (count: number) => Vec {
    const { mySets, t } = this.session
    const { field } = this
    const point = pointOf(this.index)
    const weights = mySets.flatMap(({ value }) =>
      Array.from({ length: t }, (_, power) => field.constant(value * point ** BigInt(power + 1)))
    )
    const streams = mySets.map(({ number }) => this.setStream(number, purpose))
    return count => {
      const pieces = streams.flatMap(stream => Array.from({ length: t }, () => field.sample(count, stream)))
      return field.combine(weights, pieces)
    }
  }

  /**
   * Shares of whole numbers: the sum over all sets of numbers below 2^bits, so below setCount * 2^bits.
   * With `split` also the shares of floor(piece / 2^split), summed the same way. `pieces` are the plain words of this party's
   * sets, in order of their numbers.
   */
  bounded(count: number, bits: number, split = 0, purpose = 'bounded'): Bounded {
    return this.boundeds(bits, split, purpose)(count)
  }

  /** As `bounded`, some at a time. */
  boundeds(bits: number, split = 0, purpose = 'bounded'): (count: number) => Bounded {
    const { mySets } = this.session
    const { field } = this
    // weights in form twice over: times plain words they give elements in form, without converting each piece
    const weights = mySets.map(({ weight }) => field.fromRaw(weight))
    const streams = mySets.map(({ number }) => this.setStream(number, purpose))
    return count => {
      const pieces = streams.map(stream => field.sampleRaw(count, bits, stream))
      const whole = field.combine(weights, pieces)
      if (split === 0) return { whole, high: whole, pieces }
      const high = field.combine(
        weights,
        pieces.map(piece => field.shiftRaw(piece, split))
      )
      return { whole, high, pieces }
    }
  }

  #claim(key: Uint8Array | null | undefined, holder: string, purpose: string): Uint8Array {
    const name = `${holder}/${purpose}`
    if (!key) throw new MpcError({ code: 'MPC_PARAMETERS', what: 'keys' }, `This party holds no key for ${holder}.`)
    if (this.#purposes.has(name)) {
      throw new MpcError(
        { code: 'MPC_PARAMETERS', what: 'randomness' },
        `The mask stream ${name} of an operation was asked for twice.`
      )
    }
    this.#purposes.add(name)
    return key
  }
}
