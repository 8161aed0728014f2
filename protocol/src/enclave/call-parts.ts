import { addressCodec, bool, bytes32, maybe, message, text, u16, u256, u8, uint, type Codec } from '../codec.ts'
import { attested } from '../chain-view.ts'
import type { Key32 } from '../ids.ts'
import type { Empty, EnclaveMethodName, EnclaveCalls, StartRequest, StartResponse, StateTip } from './calls.ts'

/** The two ends of a call, as bytes. */
export interface CallCodecs<M extends EnclaveMethodName> {
  readonly request: Codec<EnclaveCalls[M][0]>
  readonly response: Codec<EnclaveCalls[M][1]>
}

export const empty = (name: string): Codec<Empty> => message<Empty>(name, 1, {})
/** Of calls that carry a megabyte and what belongs to it. */
export const MAX_CALL_BYTES = 1024 * 1024 + 32 * 1024
export const stateTip = message<StateTip>('StateTip', 1, { hasKey: bool, deltaCount: uint, headHash: bytes32() })
export const startFields = {
  role: u8,
  chainId: u256,
  enigma: addressCodec,
  operator: addressCodec,
  principalSigner: addressCodec,
  principal: maybe(attested)
}
export const startRequest = message<StartRequest>('StartRequest', 1, startFields)
export const startResponse = message<StartResponse>('StartResponse', 1, {
  signer: addressCodec,
  transportKey: bytes32<Key32>(),
  principalSigner: addressCodec,
  measurement: bytes32(),
  svn: u16,
  isolation: text(32),
  mode: text(32)
})

/** How calls travel, by method: a method that has none, or those of another, does not compile. */
export type CodecsOf<M extends EnclaveMethodName> = { readonly [K in M]: CallCodecs<K> }
