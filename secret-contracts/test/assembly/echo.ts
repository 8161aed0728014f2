import { Address, Bytes, Bytes32, u256 } from '@enigma/sdk'

/** Gives back what it gets, in every type of the ABI. */
export function echoUint256(x: u256): u256 {
  return x
}
export function echoUint64(x: u64): u64 {
  return x
}
export function echoUint32(x: u32): u32 {
  return x
}
export function echoUint16(x: u16): u16 {
  return x
}
export function echoUint8(x: u8): u8 {
  return x
}
export function echoBool(x: bool): bool {
  return x
}
export function echoAddress(x: Address): Address {
  return x
}
export function echoBytes32(x: Bytes32): Bytes32 {
  return x
}
export function echoBytes(x: Bytes): Bytes {
  return x
}
export function echoString(x: string): string {
  return x
}
export function echoUint256s(x: u256[]): u256[] {
  return x
}
export function echoUint8s(x: Array<u8>): Array<u8> {
  return x
}
export function echoBools(x: bool[]): bool[] {
  return x
}
export function echoAddresses(x: Address[]): Address[] {
  return x
}
export function echoStrings(x: string[]): string[] {
  return x
}
export function echoBytesArrays(x: Bytes[][]): Bytes[][] {
  return x
}
export function echoMatrix(x: u64[][]): u64[][] {
  return x
}

/** Reads arguments of every shape between each other; returns one of them. */
export function pick(
  which: u32,
  a: string[],
  b: u256,
  c: Bytes,
  d: u64[][],
  e: Address,
  f: string
): string {
  if (which < <u32>a.length) return a[which]
  return f
}

export function nothing(): void {}
