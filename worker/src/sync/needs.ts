import { SyncKind, maxSyncBytes, type Hash, type ScAddr, type SyncPiece, type SyncWant } from '@enigma/protocol'

/** A whole content that came, its hash not yet looked at. */
export interface Arrived {
  readonly index: number
  readonly bytes: Uint8Array
}

/** What came so far of one content. */
interface Part {
  readonly pieces: Uint8Array[]
  /** Who brought them. */
  readonly givers: Set<string>
  got: number
  total: number
}
const nothing = (): Part => ({ pieces: [], givers: new Set(), got: 0, total: 0 })

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
  #part = nothing()
  /** What others brought, while it is tried without that: they may have begun something else. */
  #aside: Part | null = null

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
    return { kind: this.kind, id: this.id, from: this.#next, to: this.to, offset: this.#part.got }
  }

  /**
   * Takes the next bytes.
   *
   * @returns the content they complete, or null; the caller says whether it is the right one. 'contested' if they do not fit what somebody
   * else brought: one of the two is wrong, nobody can say who, and all of it is gone.
   * @throws RangeError for bytes that are not the next ones.
   */
  take({ index, total, offset, bytes }: SyncPiece, from: string): Arrived | 'contested' | null {
    const part = this.#part
    const fits = index === this.#next && offset === part.got && bytes.length > 0 && offset + bytes.length <= total
    if (!fits || total > maxSyncBytes(this.kind)) throw new RangeError('A piece is not the next one.')
    if (part.got > 0 && total !== part.total) {
      if (this.#giver === from) throw new RangeError('The length of a content changed.')
      this.startAgain()
      return 'contested'
    }
    part.total = total
    part.pieces.push(bytes)
    part.got += bytes.length
    part.givers.add(from)
    if (part.got < total) return null
    const whole = part.pieces.length === 1 ? bytes : new Uint8Array(Buffer.concat(part.pieces, total))
    return { index, bytes: whole }
  }

  /** Bytes of the next content that are here. */
  get got(): number {
    return this.#part.got
  }

  /** Goes on where another look at the same content stopped, which is over. */
  resume(earlier: Need): void {
    if (earlier.kind !== this.kind || earlier.id !== this.id || earlier.#next !== this.#next) return
    if (this.#part.got === 0) this.#part = earlier.#part
  }

  /** The content that arrived is the right one. */
  advance(): void {
    this.#next += 1
    this.lacking.clear()
    this.#aside = null
    this.startAgain()
  }

  /** The content that arrived is wrong. @returns its only giver, or null if several may be to blame. */
  startAgain(): string | null {
    const giver = this.#giver
    this.#part = nothing()
    return giver
  }

  /**
   * A peer has nothing to go on with. Where others began, that may be because the content is not what they began: it is asked again for the
   * whole, and only if it does not have that either it lacks it, and what there was counts again.
   */
  noteLack(from: string): void {
    if (this.#part.got > 0 && this.#giver !== from) {
      this.#aside = this.#part
      this.#part = nothing()
      return
    }
    this.lacking.add(from)
    this.#part = this.#aside ?? nothing()
    this.#aside = null
  }

  get #giver(): string | null {
    const [only = null, ...others] = this.#part.givers
    return others.length === 0 ? only : null
  }
}
