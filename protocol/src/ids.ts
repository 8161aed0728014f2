import type { Hex } from './bytes.ts'
import { ProtocolError } from './errors.ts'

/** Tagged ids: a contract address cannot stand in for a task. All are lower-case `0x` hex. */
export type Address = Hex & { readonly __kind: 'Address' } // 20 bytes
export type TaskId = Hex & { readonly __kind: 'TaskId' } // keccak256(sender, nonce)
export type ScAddr = Hex & { readonly __kind: 'ScAddr' } // the taskId of its deployment
export type Hash = Hex & { readonly __kind: 'Hash' } // 32 bytes
export type Key32 = Hex & { readonly __kind: 'Key32' } // an X25519 public key

function tagged<T extends Hex>(kind: string, bytes: number): (value: string) => T {
  const pattern = new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`)
  return value => {
    const lower = value.toLowerCase()
    if (!pattern.test(lower)) {
      throw new ProtocolError({ code: 'PROTOCOL_DECODE', what: kind }, `${kind} must be ${bytes} bytes of 0x hex.`)
    }
    return lower as T
  }
}

export const address = tagged<Address>('Address', 20)
export const taskId = tagged<TaskId>('TaskId', 32)
export const scAddr = tagged<ScAddr>('ScAddr', 32)
export const hash = tagged<Hash>('Hash', 32)
export const key32 = tagged<Key32>('Key32', 32)

export const ZERO_HASH = `0x${'00'.repeat(32)}` as Hash
export const ZERO_ADDRESS = `0x${'00'.repeat(20)}` as Address
