import { checked, u256 } from '@enigma/sdk'

export function add(a: u256, b: u256): u256 {
  return a + b
}
export function sub(a: u256, b: u256): u256 {
  return a - b
}
export function mul(a: u256, b: u256): u256 {
  return a * b
}
export function div(a: u256, b: u256): u256 {
  return a / b
}
export function rem(a: u256, b: u256): u256 {
  return a % b
}
export function and(a: u256, b: u256): u256 {
  return a & b
}
export function or(a: u256, b: u256): u256 {
  return a | b
}
export function xor(a: u256, b: u256): u256 {
  return a ^ b
}
/** The six comparisons as bits: ==, !=, <, >, <=, >=. */
export function compare(a: u256, b: u256): u32 {
  return (
    <u32>(a == b) |
    (<u32>(a != b) << 1) |
    (<u32>(a < b) << 2) |
    (<u32>(a > b) << 3) |
    (<u32>(a <= b) << 4) |
    (<u32>(a >= b) << 5)
  )
}
export function show(a: u256): string {
  return a.toString()
}
export function parse(digits: string): u256 {
  return u256.parse(digits)
}
export function small(a: u256): u64 {
  return a.toU64()
}
export function checkedU64(op: u32, a: u64, b: u64): u64 {
  if (op == 0) return checked.add(a, b)
  if (op == 1) return checked.sub(a, b)
  if (op == 2) return checked.mul(a, b)
  return checked.div(a, b)
}
export function checkedU8(op: u32, a: u8, b: u8): u8 {
  if (op == 0) return checked.add(a, b)
  if (op == 1) return checked.sub(a, b)
  if (op == 2) return checked.mul(a, b)
  return checked.div(a, b)
}
