/** The enclave is a process (`main.ts`); this entry is for tests and for programs that judge its code. */
export { BUNDLE_FILES, measurementOf, readBundle, type Bundle } from './attest/measurement.ts'
export type { EnclaveBackend, EnclavePlatform, Isolation } from './backend.ts'
export { createEnclave } from './enclave.ts'
export { EnclaveError, type EnclaveCode } from './errors.ts'
