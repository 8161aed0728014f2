import type { Hex, ScAddr } from '@enigma/protocol'
import type { EthereumCallback } from '@enigma/enclave-sim/wasm'
import type { Sender } from './accounts.ts'
import type { TaskFailedError } from './errors.ts'

export interface RunOptions {
  /** Who sends the task; account 0 unless told. */
  readonly from?: Sender
  /** Secret-contract gas; 10^8 unless told, as the client library has it. At most 10^9, for a query 10^8. */
  readonly gasLimit?: bigint | number
}

/** The call that a run asks Ethereum for (R13), and the contract that its target sees as `gateway.secretContract()`. */
export interface CallToEthereum extends EthereumCallback {
  readonly scAddr: ScAddr
}

/** Plays Ethereum: whether the call succeeds. If not, the task is paid for and nothing of it counts, as on a network. */
export type Ethereum = (call: CallToEthereum) => boolean | Promise<boolean>

/** What one run did: all that a test may want to look at, and a network would hide. */
export interface RunReport {
  /** The function's name; `constructor` for a deployment. */
  readonly name: string
  readonly kind: 'deploy' | 'call' | 'query'
  readonly taskId: string
  readonly scAddr: ScAddr
  readonly from: string
  readonly block: number
  readonly timeSeconds: number
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  /** Net changes of the state, by key; null = removed. Empty after a failure. */
  readonly writes: ReadonlyMap<Hex, Uint8Array | null>
  readonly logs: readonly Uint8Array[]
  readonly callback: EthereumCallback | null // also of a run that failed because Ethereum refused it
  /** Null: it succeeded. */
  readonly failure: TaskFailedError | null
}
