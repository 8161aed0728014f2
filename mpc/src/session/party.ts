import { hash } from 'node:crypto'
import { MpcError } from '../errors.ts'
import type { Field, Vec } from '../field/field.ts'
import { pointOf } from '../sharing/shamir.ts'
import type { Stock } from '../pool/stock.ts'
import { Ledger } from './ledger.ts'
import type { Session } from './session.ts'
import { startSession, type PartyOptions } from './start.ts'
import type { Stream, StreamSource } from './streams.ts'
import { SizeField } from '../plan/size-field.ts'

export type { PartyOptions } from './start.ts'
export type { Security, Session } from './session.ts'

export interface Bounded {
  readonly whole: Vec
  readonly high: Vec
  readonly pieces: readonly Vec[]
}

/** Bodies of one message: large vectors travel in chunks of this many elements, so computing and sending overlap. */
export const CHUNK_ELEMENTS = 8192

/**
 * One party's view of a running computation. Every protocol function takes a party and opens an operation of its own with
 * `party.operation(name)` before it first waits. Operations are named by their place in the program, so two parties that run
 * the same program agree on the names even if their operations interleave differently.
 */
export class Party {
  readonly session: Session
  /** Products of this branch that await their check (active mode). */
  readonly ledger: Ledger
  /** Place in the program: the session's name, then number and label of each operation on the way here. */
  readonly #path: string
  readonly #inBranch: boolean
  /** What this line of the program comes to has been rehearsed: no operation below needs to do it again. */
  isPlanned: boolean
  #id: string | null
  #purposes: Set<string> | null = null
  #children = 0
  #step = 0

  /** @throws MPC_PARAMETERS with a sentence, if the modulus, the numbers and the nodes do not go together. */
  static create(options: PartyOptions): Party {
    const { session, root } = startSession(options)
    return new Party(session, root, new Ledger())
  }

  private constructor(
    session: Session,
    path: string,
    ledger: Ledger,
    id: string | null = path,
    { inBranch = false, isPlanned = false } = {}
  ) {
    this.session = session
    this.#path = path
    this.#id = id
    this.ledger = ledger
    this.#inBranch = inBranch
    this.isPlanned = isPlanned
  }

  /** The name of this operation in messages and streams, 32 hex digits. Many operations only call others and never need one. */
  get id(): string {
    return (this.#id ??= hash('sha256', this.#path, 'hex').slice(0, 32))
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
    return new Party(this.session, this.#childPath(name), this.ledger, null, this.#place)
  }

  /** As `operation`, with a ledger of its own: one of several concurrent branches. Use `parallel`, which settles the ledgers. */
  branch(name: string): Party {
    return new Party(this.session, this.#childPath(name), new Ledger(), null, { ...this.#place, inBranch: true })
  }

  /** This party without its messages: `rehearse`. */
  rehearsal(): Party {
    const state = { failure: null, stock: null, suspects: new Set<number>(), unsound: 0 }
    const session: Session = { ...this.session, field: SizeField.like(this.field), rehearsal: true, state }
    return new Party(session, `${this.#path}\nrehearsal`, new Ledger(), null, { inBranch: true, isPlanned: true })
  }

  get #place(): { inBranch: boolean; isPlanned: boolean } {
    return { inBranch: this.#inBranch, isPlanned: this.isPlanned }
  }

  /** Parties that sent wrong shares in openings that could be corrected (N >= 3(T-1)+1). */
  get suspects(): readonly number[] {
    return [...this.session.state.suspects].sort((a, b) => a - b)
  }

  /** log2 of the chance that anything wrong passed the checks of this session so far; -Infinity before the first. */
  get soundnessBits(): number {
    return Math.log2(this.session.state.unsound)
  }

  /** The nodes that take part, without this one. */
  get others(): readonly number[] {
    return this.session.others
  }

  get active(): boolean {
    return this.session.security === 'active'
  }

  /** Ends the session for this party: whatever it would send after a failed check could say too much. */
  fail(failure: MpcError): never {
    this.session.state.failure ??= failure
    throw failure
  }

  #childPath(name: string): string {
    return `${this.#path}\n${this.#children++}/${name}`
  }

  #assertAlive(): void {
    const { state, rehearsal } = this.session
    if (state.failure) throw state.failure
    if (rehearsal) throw notRehearsed()
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
    return this.session.channel.send(to, this.id, step, this.field.toBytes(values), this.session)
  }

  sendBytes(to: number, step: number, body: Uint8Array): Promise<void> | undefined {
    this.#assertAlive()
    return this.session.channel.send(to, this.id, step, body, this.session)
  }

  receiveBytes(from: number, step: number, bytes: number): Promise<Uint8Array> {
    if (this.session.rehearsal) throw notRehearsed()
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
  setStream(set: number, purpose: string): Stream {
    return this.#stream(this.session.streams.sets[set], `set ${set}`, purpose)
  }

  /** The stream that only this party and `peer` can compute. */
  pairStream(peer: number, purpose: string): Stream {
    return this.#stream(this.session.streams.pairs[peer], `pair ${peer}`, `${purpose}/pair`)
  }

  /**
   * Shares of `count` uniform secrets, degree t. Uniform given any t parties, because one set holds none of them.
   * @see Cramer, Damgard, Ishai: "Share conversion, pseudorandom secret-sharing ...", TCC 2005, section 3.
   */
  random(count: number, purpose = 'random'): Vec {
    if (this.session.rehearsal) return this.field.zeros(count)
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
    const draw = this.boundedPieces(bits, purpose)
    const weights = mySets.map(({ plainWeight }) => plainWeight)
    return count => {
      const pieces = draw(count)
      const whole = field.combine(weights, pieces)
      if (split === 0) return { whole, high: whole, pieces }
      return { whole, high: this.#shifted(weights, pieces, split), pieces }
    }
  }

  /** The pieces of such numbers alone, as plain words, in order of this party's sets. */
  boundedPieces(bits: number, purpose = 'bounded'): (count: number) => Vec[] {
    const streams = this.session.mySets.map(({ number }) => this.setStream(number, purpose))
    return count => streams.map(stream => this.field.sampleRaw(count, bits, stream))
  }

  /** Shares of the sum of floor(piece / 2^split). */
  highOf(pieces: readonly Vec[], split: number): Vec {
    return this.#shifted(
      this.session.mySets.map(({ plainWeight }) => plainWeight),
      pieces,
      split
    )
  }

  #shifted(weights: readonly Vec[], pieces: readonly Vec[], split: number): Vec {
    const { field } = this
    return field.combine(
      weights,
      pieces.map(piece => field.shiftRaw(piece, split))
    )
  }

  #stream(source: StreamSource | null | undefined, holder: string, purpose: string): Stream {
    const name = `${holder}/${purpose}`
    if (this.session.rehearsal) throw notRehearsed()
    if (!source) throw new MpcError({ code: 'MPC_PARAMETERS', what: 'keys' }, `This party holds no key for ${holder}.`)
    const purposes = (this.#purposes ??= new Set())
    if (purposes.has(name)) {
      throw new MpcError(
        { code: 'MPC_PARAMETERS', what: 'randomness' },
        `The mask stream ${name} of an operation was asked for twice.`
      )
    }
    purposes.add(name)
    return source.stream(`${this.id}/${purpose}`)
  }
}

const notRehearsed = (): MpcError =>
  new MpcError(
    { code: 'MPC_PARAMETERS', what: 'rehearsal' },
    'This protocol cannot be rehearsed: it talks to other nodes.'
  )
