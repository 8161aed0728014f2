import { reportDataOf, verifySimEvidence, type Attested, type Hash } from '@enigma/protocol'

/**
 * That an enclave of exactly this code made the report: a principal trusts no other, nor does a worker another principal.
 *
 * @throws PROTOCOL_SIGNATURE naming what is wrong with the evidence
 */
export function requireSameCode({ report, evidence }: Attested, measurement: Hash, nowSeconds: number): void {
  verifySimEvidence(evidence, reportDataOf(report), { mode: 'simulation', measurements: [measurement], nowSeconds })
}
