import { u256 } from '@enigma/sdk'

/**
 * Computes on numbers that nobody else sees. u256 arithmetic is checked: an overflow, an underflow or a division by zero
 * ends the task with a reason that only its sender can read.
 */
@view
export function add(a: u256, b: u256): u256 {
  return a + b
}

@view
export function sub(a: u256, b: u256): u256 {
  return a - b
}

@view
export function mul(a: u256, b: u256): u256 {
  return a * b
}

@view
export function div(a: u256, b: u256): u256 {
  return a / b
}
