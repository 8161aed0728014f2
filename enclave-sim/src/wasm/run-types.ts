import type { Hex, TaskTrace } from '@enigma/protocol'
import type { FailureReason } from './reasons.ts'

/** What the ChainView says of the task (R5): never taken from the host. */
export interface RunContext {
  readonly caller: Uint8Array // 20 bytes
  readonly scAddr: Uint8Array // 32 bytes
  readonly blockNumber: bigint // the record's block
  readonly timeSeconds: bigint // the record's block time
}

/** Everything a run depends on (R6). */
export interface RunInput {
  readonly code: Uint8Array // as submitted, unmetered
  readonly codeHash: Uint8Array // keccak256(code); 32 bytes
  readonly entry: 'deploy' | 'call'
  readonly callData: Uint8Array
  readonly gasLimit: bigint // 0 .. MAX_GAS
  readonly readOnly: boolean
  /** Record what the run does. It changes neither its result nor its gas. */
  readonly trace?: boolean
  readonly context: RunContext
  readonly seed: Uint8Array // 32 bytes; the contract's randomness is expanded from it
  /** The contract's state. Keys are `0x` hex of 1 to 256 bytes. Copied once, when the run starts. */
  readonly state: ReadonlyMap<Hex, Uint8Array>
}

/** The call that Ethereum makes with the receipt (R13). */
export interface EthereumCallback {
  readonly target: Uint8Array // 20 bytes
  readonly data: Uint8Array
  readonly gas: number
}

export interface RunSuccess {
  readonly ok: true
  readonly output: Uint8Array
  readonly gasUsed: bigint
  /** What changed, by `0x` hex key in ascending order of the key's bytes; null = removed. Values that end as they were are not in it. */
  readonly writes: Map<Hex, Uint8Array | null>
  readonly callback: EthereumCallback | null
  readonly log: Uint8Array[]
  readonly trace?: TaskTrace // if it was asked for
}

/** A deterministic failure: every seat comes to the same one, and signs it. No write of such a run counts. */
export interface RunFailure {
  readonly ok: false
  readonly reason: FailureReason
  /** For the caller of the contract, who alone may read it. May hold text from the contract: secret. */
  readonly message: string
  readonly gasUsed: bigint
  readonly trace?: TaskTrace // if it was asked for
}

export type RunResult = RunSuccess | RunFailure
