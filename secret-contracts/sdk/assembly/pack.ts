import { Buffer } from './buffer'
import { fail } from './control'
import { Address, Bytes32 } from './types'
import { u256 } from './u256'

/**
 * The form of values in the state: numbers little endian in their own width, uint256 and bytes32 in 32 bytes, addresses in 20,
 * text, bytes and arrays behind a u32 length. A class of yours can be stored when it has `pack(out: Packer): void` and
 * `unpack(from: Unpacker): void`.
 */
export class Packer extends Buffer {
  put<T>(value: T): void {
    if (isInteger<T>()) {
      store<T>(this.grow(sizeof<T>()), value)
    } else if (isString<T>()) {
      const text = String.UTF8.encode(changetype<string>(value))
      this.put<u32>(text.byteLength)
      this.append(changetype<usize>(text), text.byteLength)
    } else if (idof<T>() == idof<u256>() || idof<T>() == idof<Bytes32>()) {
      this.append(changetype<usize>(value), 32)
    } else if (idof<T>() == idof<Address>()) {
      this.append(changetype<usize>(value), 20)
    } else if (idof<T>() == idof<Uint8Array>()) {
      const bytes = changetype<Uint8Array>(value)
      this.put<u32>(bytes.length)
      this.append(bytes.dataStart, bytes.length)
    } else if (isArray<T>()) {
      this.put<u32>(value.length)
      for (let i = 0; i < value.length; i++) this.put<valueof<T>>(value[i])
    } else {
      value.pack(this)
    }
  }
}

/** Reads what a `Packer` wrote. */
export class Unpacker {
  private at: usize
  private end: usize

  constructor(from: usize, length: i32) {
    this.at = from
    this.end = from + length
  }

  private take(count: usize): usize {
    const at = this.at
    if (count > this.end - at) fail('a stored value is not of the type it is read as')
    this.at = at + count
    return at
  }

  get<T>(): T {
    if (isInteger<T>()) {
      return load<T>(this.take(sizeof<T>()))
    } else if (isString<T>()) {
      const length = this.get<u32>()
      return changetype<T>(String.UTF8.decodeUnsafe(this.take(length), length))
    } else if (idof<T>() == idof<u256>()) {
      const at = this.take(32)
      return changetype<T>(new u256(load<u64>(at), load<u64>(at, 8), load<u64>(at, 16), load<u64>(at, 24)))
    } else if (idof<T>() == idof<Bytes32>()) {
      return changetype<T>(Bytes32.load(this.take(32)))
    } else if (idof<T>() == idof<Address>()) {
      return changetype<T>(Address.load(this.take(20)))
    } else if (idof<T>() == idof<Uint8Array>()) {
      const length = this.get<u32>()
      const from = this.take(length)
      const bytes = new Uint8Array(length)
      memory.copy(bytes.dataStart, from, length)
      return changetype<T>(bytes)
    } else if (isArray<T>()) {
      const length = this.get<u32>()
      if (<usize>length > this.end - this.at) fail('a stored value is not of the type it is read as')
      const list = instantiate<T>()
      for (let i: u32 = 0; i < length; i++) list.push(this.get<valueof<T>>())
      return list
    } else {
      const value = instantiate<T>()
      value.unpack(this)
      return value
    }
  }

  done(): void {
    if (this.at != this.end) fail('a stored value is not of the type it is read as')
  }
}
