import { TEE_SIM, asciiBytes32, makeSimEvidence, reportDataOf, type Report } from '@enigma/protocol'
import { TEST_MEASUREMENT } from './local.ts'

/** Evidence as the simulation's published root key can sign it for anybody: to play an enclave that goes wrong. */
export function evidenceOf(report: Report, measurement = TEST_MEASUREMENT, expiry = 2_000_000_000): Uint8Array {
  return makeSimEvidence({
    tee: TEE_SIM,
    measurement,
    svn: 1,
    debug: true,
    isolation: asciiBytes32('process-only'),
    issuedAt: 1,
    expiry,
    reportData: reportDataOf(report)
  })
}
