import { Buffer } from './buffer'
import { badInput } from './control'
import * as host from './host'
import { Address, Bytes32 } from './types'
import { u256 } from './u256'

/**
 * Reads arguments in Ethereum's ABI encoding, strictly: values in their range, offsets where the standard encoder puts them,
 * padding zero, nothing left over. So one list of arguments has exactly one encoding, and no offset can point back or around.
 * Generated code drives it: values in order, arrays between `enter` and `leave`.
 */
export class AbiReader {
  /** Start of the tuple or array being read: offsets count from here. */
  private base: usize
  /** The next word of its heads. */
  private head: usize
  /** Where the next dynamic value must stand. */
  private tail: usize
  private end: usize
  /** The function's signature, for messages. */
  private signature: string

  /** Of `bytes` from `skip` on, holding `words` arguments. */
  constructor(bytes: ArrayBuffer, skip: i32, words: i32, signature: string) {
    this.signature = signature
    this.base = changetype<usize>(bytes) + skip
    this.head = this.base
    this.end = changetype<usize>(bytes) + bytes.byteLength
    this.tail = this.base
    this.claim(<u64>words * 32)
  }

  /** The whole input of this run. */
  static input(): ArrayBuffer {
    const bytes = new ArrayBuffer(host.input_length())
    host.input_copy(changetype<usize>(bytes))
    return bytes
  }

  private refuse(what: string): void {
    badInput(this.signature + ': ' + what)
  }

  /** Moves the tail over `count` bytes that must be there. */
  private claim(count: u64): void {
    if (count > <u64>(this.end - this.tail)) this.refuse('arguments are missing, or end too early')
    this.tail += <usize>count
  }

  /** The next head word, whose first `zeros` bytes must be zero; returns where the rest starts. */
  private word(zeros: usize): usize {
    const at = this.head
    this.head = at + 32
    for (let i: usize = 0; i < zeros; i++) {
      if (load<u8>(at + i) != 0) this.refuse('an argument is out of its range')
    }
    return at + zeros
  }

  u256(): u256 {
    return u256.load(this.word(0))
  }
  u64(): u64 {
    return bswap<u64>(load<u64>(this.word(24)))
  }
  u32(): u32 {
    return bswap<u32>(load<u32>(this.word(28)))
  }
  u16(): u16 {
    return bswap<u16>(load<u16>(this.word(30)))
  }
  u8(): u8 {
    return load<u8>(this.word(31))
  }
  bool(): bool {
    const value = this.u8()
    if (value > 1) this.refuse('a bool is neither true nor false')
    return value != 0
  }
  address(): Address {
    return Address.load(this.word(12))
  }
  bytes32(): Bytes32 {
    return Bytes32.load(this.word(0))
  }
  bytes(): Uint8Array {
    const length = this.dynamic()
    const from = this.padded(length)
    const value = new Uint8Array(length)
    memory.copy(value.dataStart, from, length)
    return value
  }
  string(): string {
    const length = this.dynamic()
    return String.UTF8.decodeUnsafe(this.padded(length), length)
  }

  /** Follows an offset, which must lead to the tail, and reads the length there. */
  private dynamic(): i32 {
    const at = this.word(24)
    if (bswap<u64>(load<u64>(at)) != <u64>(this.tail - this.base)) this.refuse('an offset is not where it belongs')
    const length = this.tail
    this.claim(32)
    for (let i: usize = 0; i < 28; i++) if (load<u8>(length + i) != 0) this.refuse('a length is too large')
    const value = bswap<u32>(load<u32>(length, 28))
    if (value > <u32>(this.end - this.tail)) this.refuse('arguments are missing, or end too early')
    return value
  }

  private padded(length: i32): usize {
    const from = this.tail
    this.claim((<u64>length + 31) & ~31)
    for (let at = from + length; at < this.tail; at++) if (load<u8>(at) != 0) this.refuse('padding is not zero')
    return from
  }

  /** Goes into the array that comes next and returns its length; where it came from is kept in `outer`. */
  enter(outer: AbiPosition): i32 {
    const length = this.dynamic()
    outer.base = this.base
    outer.head = this.head
    this.base = this.tail
    this.head = this.tail
    this.claim(<u64>length * 32)
    return length
  }

  leave(outer: AbiPosition): void {
    this.base = outer.base
    this.head = outer.head
  }

  /** All arguments are read: nothing may follow. */
  finish(): void {
    if (this.tail != this.end) this.refuse('there are more arguments than it takes')
  }
}

export class AbiPosition {
  base: usize = 0
  head: usize = 0
}

/** Writes values in Ethereum's ABI encoding: `words` head words first, then dynamic values as they come. */
export class AbiWriter {
  private out: Buffer
  private base: i32 = 0
  private head: i32 = 0

  constructor(words: i32) {
    this.out = new Buffer(max(words, 1) * 32)
    this.out.grow(words * 32)
  }

  private next(): usize {
    const at = this.out.start + this.head
    this.head += 32
    return at
  }

  u256(value: u256): void {
    value.store(this.next())
  }
  u64(value: u64): void {
    store<u64>(this.next(), bswap<u64>(value), 24)
  }
  u32(value: u32): void {
    this.u64(value)
  }
  u16(value: u16): void {
    this.u64(value)
  }
  u8(value: u8): void {
    this.u64(value)
  }
  bool(value: bool): void {
    this.u64(value ? 1 : 0)
  }
  address(value: Address): void {
    value.store(this.next() + 12)
  }
  bytes32(value: Bytes32): void {
    value.store(this.next())
  }
  bytes(value: Uint8Array): void {
    this.tail(value.dataStart, value.length)
  }
  string(value: string): void {
    const text = String.UTF8.encode(value)
    this.tail(changetype<usize>(text), text.byteLength)
  }

  private tail(from: usize, length: i32): void {
    this.dynamic(length)
    memory.copy(this.out.grow((length + 31) & ~31), from, length)
  }

  /** Notes where the next dynamic value stands, and writes its length there. */
  private dynamic(length: i32): void {
    this.u64(this.out.length - this.base)
    const at = this.out.grow(32)
    store<u64>(at, bswap<u64>(length), 24)
  }

  /** Starts an array of `length` elements; the elements are written next. */
  enter(outer: AbiPosition, length: i32): void {
    this.dynamic(length)
    outer.base = this.base
    outer.head = this.head
    this.base = this.out.length
    this.head = this.out.length
    this.out.grow(length * 32)
  }

  leave(outer: AbiPosition): void {
    this.base = <i32>outer.base
    this.head = <i32>outer.head
  }

  toBytes(): Uint8Array {
    return this.out.toBytes()
  }

  /** Makes what was written the result of this run. */
  finish(): void {
    host.output_set(this.out.start, this.out.length)
  }
}

/** The first four bytes of the input as one number; ends the run if they are not there. */
export function selector(input: ArrayBuffer): u32 {
  if (input.byteLength < 4) badInput('the input names no function')
  return bswap<u32>(load<u32>(changetype<usize>(input)))
}
