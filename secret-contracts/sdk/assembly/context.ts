import * as host from './host'
import { Address, Bytes32 } from './types'

/** What is certain about the task that runs: it comes from Ethereum's record, never from the worker. */
export namespace context {
  /** Who sent the task and paid for it; in a query, who signed it. */
  export function caller(): Address {
    const value = new Address()
    host.caller(changetype<usize>(value))
    return value
  }

  /** This contract's own address. */
  export function contractAddress(): Bytes32 {
    const value = new Bytes32()
    host.contract_address(changetype<usize>(value))
    return value
  }

  /** The Ethereum block that holds the task's record. */
  export function blockNumber(): u64 {
    return host.block_number()
  }

  /** That block's time, in seconds since 1970. */
  export function blockTime(): u64 {
    return host.block_time()
  }
}
