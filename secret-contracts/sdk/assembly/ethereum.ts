import { AbiWriter } from './abi'
import { Buffer } from './buffer'
import * as host from './host'
import { Address, Bytes32 } from './types'
import { crypto } from './crypto'

export namespace ethereum {
  /**
   * Asks Ethereum to call `target` when this task's receipt is accepted. At most one call per task: the last one counts.
   * If it fails there, nothing that this task wrote counts. `data` at most 4096 bytes, `gas` at most 500,000; both are public.
   */
  export function callBack(target: Address, data: Uint8Array, gas: u32): void {
    host.callback_set(changetype<usize>(target), data.dataStart, data.length, gas)
  }

  /** Call data for a Solidity function: `encodeCall('setPrice(uint256)', writer)`, the arguments written into an `AbiWriter`. */
  export function encodeCall(signature: string, args: AbiWriter): Uint8Array {
    const text = Uint8Array.wrap(String.UTF8.encode(signature))
    const hash: Bytes32 = crypto.keccak256(text)
    const out = new Buffer()
    out.append(changetype<usize>(hash), 4)
    const bytes = args.toBytes()
    out.append(bytes.dataStart, bytes.length)
    return out.toBytes()
  }
}

/** Adds an entry to the task's log, which only its sender can decrypt. At most 64 entries of 4096 bytes. */
export function log(text: string): void {
  const bytes = String.UTF8.encode(text)
  host.log(changetype<usize>(bytes), bytes.byteLength)
}
