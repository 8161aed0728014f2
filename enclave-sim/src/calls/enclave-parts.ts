import type { EnclavePlatform } from '../backend.ts'
import type { Log } from '../log.ts'
import type { Vault } from '../seal/vault.ts'
import type { MpcHost } from '../mpc-host/mpc-host.ts'
import type { WasmPool } from '../wasm/index.ts'

/** What the calls of every role work with. */
export interface EnclaveParts {
  readonly platform: EnclavePlatform
  readonly vault: Vault
  readonly pool: WasmPool
  readonly mpc: MpcHost
  readonly log: Log
  /** Milliseconds of a clock that never goes back; differences only. */
  readonly monotonicMs: () => number
  /** Seconds since 1970, as the host's machine has them: good for the age of evidence, for nothing else. */
  readonly nowSeconds: () => number
}
