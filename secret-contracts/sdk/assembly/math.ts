import { fail } from './control'

/** Arithmetic on u8, u16, u32 and u64 that ends the run instead of wrapping around. u256 does so by itself. */
export namespace checked {
  export function add<T>(a: T, b: T): T {
    const sum = (a + b) as T
    if (sum < a) fail('overflow in addition')
    return sum
  }

  export function sub<T>(a: T, b: T): T {
    if (b > a) fail('underflow in subtraction')
    return (a - b) as T
  }

  export function mul<T>(a: T, b: T): T {
    const product = (a * b) as T
    if (a != 0 && product / a != b) fail('overflow in multiplication')
    return product
  }

  export function div<T>(a: T, b: T): T {
    if (b == 0) fail('division by zero')
    return (a / b) as T
  }
}
