import {
  type ATTESTATION_MODE_SIMULATION,
  ProtocolError,
  TEE_SIM,
  attestedFromJson,
  hash,
  reportDataOf,
  toHex,
  verifySimEvidence,
  type Address,
  type Attested,
  type AttestedJson,
  type Hash
} from '@enigma/protocol'
import { ClientError } from '../errors.ts'

/** What evidence must bind, and which code is accepted. */
export interface EvidenceRules {
  readonly mode: typeof ATTESTATION_MODE_SIMULATION
  readonly chainId: bigint
  readonly enigma: Address
  readonly principalSigner: Address
  /** Whether enclaves of this code are accepted: the caller's list, else the contract's. */
  readonly allows: (measurement: Hash) => Promise<boolean>
  readonly nowSeconds: number
}

/** The enclave that the evidence must speak of. */
export interface Subject {
  readonly who: string // for sentences: 'seat 1', 'the entry worker'
  readonly signer: Address
  readonly operator: Address
}

/**
 * Checks an enclave's evidence: its mode, its code, and that its report binds this signer, operator, chain, contract and principal.
 *
 * @throws EVIDENCE_MODE, EVIDENCE_MEASUREMENT, EVIDENCE_WRONG
 */
export async function verifyEvidence(
  json: AttestedJson | null | undefined,
  { who, signer, operator }: Subject,
  rules: EvidenceRules
): Promise<void> {
  const wrong = (what: string, cause?: unknown): ClientError =>
    new ClientError({ code: 'EVIDENCE_WRONG', who, what }, `The evidence of ${who} was refused: ${what}.`, {
      cause
    })
  if (json === null || json === undefined) throw wrong('there is none')
  const { report, evidence } = parse(json, wrong)
  if (toHex(evidence.subarray(0, 32)) !== TEE_SIM) {
    throw new ClientError(
      { code: 'EVIDENCE_MODE', who, expected: rules.mode },
      `The evidence of ${who} is not of the mode '${rules.mode}'.`
    )
  }
  const expected: [string, unknown, unknown][] = [
    ['signer', report.signer, signer],
    ['operator', report.operator, operator],
    ['chain', report.chainId, rules.chainId],
    ['contract', report.enigma, rules.enigma],
    ['principal', report.principalSigner, rules.principalSigner]
  ]
  for (const [what, found, wanted] of expected) if (found !== wanted) throw wrong(`its report binds another ${what}`)
  const measurement = hash(toHex(evidence.subarray(32, 64)))
  if (!(await rules.allows(measurement))) {
    throw new ClientError(
      { code: 'EVIDENCE_MEASUREMENT', who, measurement },
      `The enclave of ${who} runs code that is not on the allow list (${measurement}).`
    )
  }
  try {
    verifySimEvidence(evidence, reportDataOf(report), {
      mode: rules.mode,
      measurements: [measurement],
      nowSeconds: rules.nowSeconds
    })
  } catch (cause) {
    throw wrong(
      cause instanceof ProtocolError ? String((cause.facts as { what?: string }).what) : 'it does not parse',
      cause
    )
  }
}

function parse(json: AttestedJson, wrong: (what: string, cause?: unknown) => ClientError): Attested {
  try {
    const attested = attestedFromJson(json)
    if (attested.evidence.length < 64) throw wrong('it is too short')
    return attested
  } catch (cause) {
    throw cause instanceof ClientError ? cause : wrong('it does not parse', cause)
  }
}
