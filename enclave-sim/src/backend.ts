import type { Hash } from '@enigma/protocol'

export type Isolation = 'bubblewrap' | 'process-only'

/** What the hardware, or its simulation, gives to the code inside an enclave. */
export interface EnclavePlatform {
  readonly mode: string // 'simulation', or the name of a kind of hardware
  readonly measurement: Hash // of the code that is loaded
  readonly svn: number // security version of that code
  readonly isolation: Isolation

  /** Evidence that code of this measurement asked to bind `reportData`. */
  getEvidence(reportData: Hash): Uint8Array

  /** Encrypts to this enclave on this machine. `label` says for what; only the same label opens it. */
  seal(label: string, plaintext: Uint8Array): Uint8Array

  /** @throws ENCLAVE_SEAL_BROKEN */
  unseal(label: string, sealed: Uint8Array): Uint8Array
}

/**
 * An enclave as its host's side of the boundary sees it. The simulator is one; a hardware backend can stand beside it
 * and answer the same calls (docs/spec/enclave-boundary.md).
 */
export interface EnclaveBackend extends EnclavePlatform {
  /** One call: number and encoded request of `EnclaveMethod`. Rejects with an EnigmaError whose text is fit for the host. */
  call(method: number, payload: Uint8Array): Promise<Uint8Array>
  stop(): Promise<void>
}
