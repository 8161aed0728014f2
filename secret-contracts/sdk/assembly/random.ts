import { fail } from './control'
import * as host from './host'
import { Bytes32 } from './types'

const word: usize = memory.data(8)

/** Randomness nobody outside the enclave can predict, and every enclave that repeats the run draws again. */
export namespace random {
  export function bytes(count: i32): Uint8Array {
    const value = new Uint8Array(count)
    host.random(value.dataStart, count)
    return value
  }

  export function bytes32(): Bytes32 {
    const value = new Bytes32()
    host.random(changetype<usize>(value), 32)
    return value
  }

  export function number(): u64 {
    host.random(word, 8)
    return load<u64>(word)
  }

  export function coin(): bool {
    return (number() & 1) == 1
  }

  /** Even chances for 0 .. bound - 1. */
  export function below(bound: u64): u64 {
    if (bound == 0) fail('random.below(0) has no answer')
    const unfair = (0 - bound) % bound // 2^64 mod bound: as many low values would come up too often
    let value = number()
    while (value < unfair) value = number()
    return value % bound
  }
}
