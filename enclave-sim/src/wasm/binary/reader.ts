import { invalidCode } from '../errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads WebAssembly's binary format front to back. Strict: every read is bounded, and LEB128 numbers must fit their type. */
export class BinaryReader {
  readonly bytes: Uint8Array
  readonly end: number
  at: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  byte(): number {
    if (this.at >= this.end) invalidCode(`The code ends too early, at byte ${this.at}.`)
    return this.bytes[this.at++]!
  }

  take(count: number): Uint8Array {
    if (count > this.end - this.at)
      invalidCode(`The code ends too early: ${count} bytes are announced at byte ${this.at}.`)
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  /** A reader of the next `count` bytes; this one goes on behind them. */
  section(count: number): BinaryReader {
    const start = this.at
    this.take(count)
    return new BinaryReader(this.bytes, start, start + count)
  }

  u32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      if (shift === 28 && byte > 0x0f) break
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return invalidCode(`A number before byte ${this.at} does not fit 32 bits.`)
  }

  /** Skips a signed LEB128 number after checking that it fits `bits` (32 or 64). */
  skipSigned(bits: 32 | 64): void {
    const last = bits === 32 ? 4 : 9 // index of the last byte allowed
    for (let i = 0; i <= last; i++) {
      const byte = this.byte()
      if (i === last) {
        const used = bits - 7 * last // value bits in this byte
        const high = (byte & 0x7f) >> (used - 1) // they and the sign bits must agree
        if (byte >= 0x80 || (high !== 0 && high !== (1 << (8 - used)) - 1)) break
      }
      if (byte < 0x80) return
    }
    invalidCode(`A number before byte ${this.at} does not fit ${bits} bits.`)
  }

  i32(): number {
    const start = this.at
    this.skipSigned(32)
    let value = 0
    let shift = 0
    for (let i = start; i < this.at; i++, shift += 7) value |= (this.bytes[i]! & 0x7f) << shift
    if (shift < 32 && (this.bytes[this.at - 1]! & 0x40) !== 0) value |= -1 << shift
    return value
  }

  name(maxBytes: number): string {
    const length = this.u32()
    if (length > maxBytes) invalidCode(`A name of ${length} bytes before byte ${this.at}: the limit is ${maxBytes}.`)
    try {
      return utf8.decode(this.take(length))
    } catch {
      return invalidCode(`The name before byte ${this.at} is not valid UTF-8.`)
    }
  }

  /** A vector's element count, at most `max`. */
  count(max: number, what: string): number {
    const count = this.u32()
    if (count > max) invalidCode(`The code has ${count} ${what}: the limit is ${max}.`)
    return count
  }
}
