import { ATTESTATION_MODE_SIMULATION, type Hash } from '@enigma/protocol'
import { SECURITY_VERSION, simulatedEvidence } from './attest/evidence.ts'
import type { EnclavePlatform, Isolation } from './backend.ts'
import type { Sealing } from './seal/sealing.ts'

export interface SimulatorInit {
  readonly measurement: Hash
  readonly isolation: Isolation // as the host says: a simulated enclave cannot know
  readonly sealing: Sealing
  readonly nowSeconds?: () => number
}

/** The platform of the software simulation. */
export function createSimulatedPlatform(init: SimulatorInit): EnclavePlatform {
  const { measurement, isolation, sealing, nowSeconds = () => Math.floor(Date.now() / 1000) } = init
  return {
    mode: ATTESTATION_MODE_SIMULATION,
    measurement,
    svn: SECURITY_VERSION,
    isolation,
    getEvidence: reportData => simulatedEvidence(reportData, { measurement, isolation, nowSeconds: nowSeconds() }),
    seal: (label, plaintext) => sealing.seal(label, plaintext),
    unseal: (label, sealed) => sealing.unseal(label, sealed)
  }
}
