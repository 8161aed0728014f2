const HEADER = '/multistream/1.0.0'
const REFUSED = 'na'

/** A name of up to 1,024 bytes: 2 bytes of varint hold its length. */
const MAX_NAME_BYTES = 1024
const MAX_LENGTH_BYTES = 2

/** What one end of multistream-select says: names behind varint lengths, until one of them is agreed on. */
export class NegotiationGuard {
  readonly #ends: (name: string) => boolean
  #length = 0
  #lengthBytes = 0
  #name: Uint8Array | null = null
  #filled = 0

  /** `ends` says whether the two ends have agreed once the other one has said this name. */
  constructor(ends: (name: string) => boolean) {
    this.#ends = ends
  }

  /** The other end proposes names until we take one. */
  static proposals(known: (name: string) => boolean): NegotiationGuard {
    return new NegotiationGuard(known)
  }

  /** The other end answers our proposals: the first name that is no refusal is the last. */
  static answers(): NegotiationGuard {
    return new NegotiationGuard(name => name !== HEADER && name !== REFUSED)
  }

  /** `refused` once a length is too long, too large, or 0; bytes after the name that was agreed on are not looked at. */
  next(data: Uint8Array | Iterable<Uint8Array>): 'open' | 'agreed' | 'refused' {
    for (const chunk of data instanceof Uint8Array ? [data] : data) {
      for (let at = 0; at < chunk.length;) {
        if (this.#name === null) {
          if (!this.#lengthByte(chunk[at++]!)) return 'refused'
          continue
        }
        const part = chunk.subarray(at, at + this.#name.length - this.#filled)
        this.#name.set(part, this.#filled)
        this.#filled += part.length
        at += part.length
        if (this.#filled === this.#name.length && this.#named(this.#name)) return 'agreed'
      }
    }
    return 'open'
  }

  #lengthByte(byte: number): boolean {
    this.#length += (byte & 0x7f) * 2 ** (7 * this.#lengthBytes)
    this.#lengthBytes += 1
    if (byte & 0x80) return this.#lengthBytes < MAX_LENGTH_BYTES
    if (this.#length === 0 || this.#length > MAX_NAME_BYTES) return false
    this.#name = new Uint8Array(this.#length)
    this.#length = this.#lengthBytes = this.#filled = 0
    return true
  }

  #named(bytes: Uint8Array): boolean {
    this.#name = null
    return this.#ends(new TextDecoder().decode(bytes).trimEnd())
  }
}
