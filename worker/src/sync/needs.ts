import { SyncKind, maxSyncBytes, type Hash, type ScAddr, type SyncPiece, type SyncWant } from '@enigma/protocol'

/** A whole content that came, its hash not yet looked at. */
export interface Arrived {
  readonly index: number
  readonly bytes: Uint8Array
}

/**
 * What is missing of one contract's deltas, or one code: how far it is, to the byte. It outlives the stream that brings it,
 * so that a cut costs what was under way and no more.
 */
export class Need {
  readonly kind: number
  readonly id: Hash
  readonly to: number
  /** The contract it belongs to, under which its holders are found. */
  readonly scAddr: ScAddr | null
  /** Peers that lack the next content, or gave a wrong one for it. */
  readonly lacking = new Set<string>()
  #next: number
  #parts: Uint8Array[] = []
  #got = 0
  #total = 0
  /** Who brought the parts of the content that is under way. */
  readonly #givers = new Set<string>()

  private constructor(kind: number, id: Hash, from: number, to: number, scAddr: ScAddr | null) {
    this.kind = kind
    this.id = id
    this.#next = from
    this.to = to
    this.scAddr = scAddr
  }

  static deltas(scAddr: ScAddr, from: number, to: number): Need {
    return new Need(SyncKind.deltas, scAddr as string as Hash, from, to, scAddr)
  }
  static code(codeHash: Hash, scAddr: ScAddr | null): Need {
    return new Need(SyncKind.bytecode, codeHash, 0, 1, scAddr)
  }

  get next(): number {
    return this.#next
  }
  get done(): boolean {
    return this.#next >= this.to
  }
  get want(): SyncWant {
    return { kind: this.kind, id: this.id, from: this.#next, to: this.to, offset: this.#got }
  }

  /**
   * Takes the next bytes.
   *
   * @returns the content they complete, or null; the caller says whether it is the right one.
   * @throws RangeError for bytes that are not the next ones.
   */
  take({ index, total, offset, bytes }: SyncPiece, from: string): Arrived | null {
    const fits = index === this.#next && offset === this.#got && bytes.length > 0 && offset + bytes.length <= total
    if (!fits || total > maxSyncBytes(this.kind)) throw new RangeError('A piece is not the next one.')
    if (this.#got > 0 && total !== this.#total) {
      this.startAgain() // somebody is wrong about its length: from the start, then
      throw new RangeError('The length of a content changed.')
    }
    this.#total = total
    this.#parts.push(bytes)
    this.#got += bytes.length
    this.#givers.add(from)
    if (this.#got < total) return null
    const whole = this.#parts.length === 1 ? bytes : new Uint8Array(Buffer.concat(this.#parts, total))
    return { index, bytes: whole }
  }

  /** The content that arrived is the right one. */
  advance(): void {
    this.#next += 1
    this.lacking.clear()
    this.startAgain()
  }

  /** The content that arrived is wrong. @returns its only giver, or null if several may be to blame. */
  startAgain(): string | null {
    const [only = null, ...others] = this.#givers
    this.#parts = []
    this.#got = 0
    this.#total = 0
    this.#givers.clear()
    return others.length === 0 ? only : null
  }
}
