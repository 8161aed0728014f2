import { asciiBytes32, makeSimEvidence, TEE_SIM, type Hash } from '@enigma/protocol'
import type { Isolation } from '../backend.ts'

/** Raised with every change that closes a hole; a network may refuse older ones. */
export const SECURITY_VERSION = 1

/** A registration on chain wants evidence of the last day; peers accept what was registered for a year, then an operator registers again. */
const VALID_SECONDS = 365 * 24 * 3600

export interface EvidenceFacts {
  readonly measurement: Hash
  readonly isolation: Isolation
  readonly nowSeconds: number
}

/** Evidence of the simulation: signed by the published root key, debug bit set, worth nothing as protection. */
export function simulatedEvidence(reportData: Hash, { measurement, isolation, nowSeconds }: EvidenceFacts): Uint8Array {
  return makeSimEvidence({
    tee: TEE_SIM,
    measurement,
    svn: SECURITY_VERSION,
    debug: true,
    isolation: asciiBytes32(isolation),
    issuedAt: nowSeconds,
    expiry: nowSeconds + VALID_SECONDS,
    reportData
  })
}
