const utf8 = new TextEncoder()

/** A growing byte buffer with the encodings of WebAssembly's binary format. */
export class BinaryWriter {
  #bytes = new Uint8Array(256)
  length = 0

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.length + count, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.length))
    this.#bytes = grown
  }

  byte(...values: number[]): this {
    this.#reserve(values.length)
    for (const value of values) this.#bytes[this.length++] = value
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  u32(value: number): this {
    while (value >= 0x80) {
      this.byte((value & 0x7f) | 0x80)
      value = Math.floor(value / 128)
    }
    return this.byte(value)
  }

  /** Signed LEB128 of an integer within -2^31 .. 2^53. */
  signed(value: number): this {
    let rest = BigInt(value)
    for (;;) {
      const byte = Number(rest & 0x7fn)
      rest >>= 7n
      if ((rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40)) return this.byte(byte)
      this.byte(byte | 0x80)
    }
  }

  name(text: string): this {
    return this.sized(utf8.encode(text))
  }

  /** The length, then the bytes. */
  sized(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes)
  }

  section(id: number, content: BinaryWriter): this {
    return this.byte(id).sized(content.view())
  }

  clear(): void {
    this.length = 0
  }

  /** The bytes so far, valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length)
  }
}
