/** Bytes of any length: `bytes` in the ABI. */
export type Bytes = Uint8Array

const HEX = '0123456789abcdef'

function hex(from: usize, length: i32): string {
  let text = '0x'
  for (let i = 0; i < length; i++) {
    const byte = load<u8>(from + i)
    text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15)
  }
  return text
}

/** An Ethereum address. Immutable; the 20 bytes stand at the object's own address, first byte first. */
export class Address {
  readonly a: u64 = 0
  readonly b: u64 = 0
  readonly c: u32 = 0

  static get zero(): Address {
    return new Address()
  }

  static load(from: usize): Address {
    const value = new Address()
    memory.copy(changetype<usize>(value), from, 20)
    return value
  }

  store(to: usize): void {
    memory.copy(to, changetype<usize>(this), 20)
  }

  isZero(): bool {
    return (this.a | this.b | (<u64>this.c)) == 0
  }

  @operator('==') equals(other: Address): bool {
    return ((this.a ^ other.a) | (this.b ^ other.b) | (<u64>(this.c ^ other.c))) == 0
  }
  @operator('!=') differs(other: Address): bool {
    return !this.equals(other)
  }

  /** `0x` and 40 lower-case digits. */
  toString(): string {
    return hex(changetype<usize>(this), 20)
  }
}

/** 32 bytes: a hash, a key, a contract's address. Immutable; the bytes stand at the object's own address. */
export class Bytes32 {
  readonly a: u64 = 0
  readonly b: u64 = 0
  readonly c: u64 = 0
  readonly d: u64 = 0

  static get zero(): Bytes32 {
    return new Bytes32()
  }

  static load(from: usize): Bytes32 {
    const value = new Bytes32()
    memory.copy(changetype<usize>(value), from, 32)
    return value
  }

  store(to: usize): void {
    memory.copy(to, changetype<usize>(this), 32)
  }

  isZero(): bool {
    return (this.a | this.b | this.c | this.d) == 0
  }

  @operator('==') equals(other: Bytes32): bool {
    return ((this.a ^ other.a) | (this.b ^ other.b) | (this.c ^ other.c) | (this.d ^ other.d)) == 0
  }
  @operator('!=') differs(other: Bytes32): bool {
    return !this.equals(other)
  }

  /** `0x` and 64 lower-case digits. */
  toString(): string {
    return hex(changetype<usize>(this), 32)
  }
}
