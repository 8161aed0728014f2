import {
  ATTESTATION_MODE_SIMULATION,
  TEE_SIM,
  addressOfPrivateKey,
  asciiBytes32,
  fromHex,
  keccak256,
  makeSimEvidence,
  signDigest,
  toHex,
  utf8,
  type Address,
  type Hash,
  type Hex,
  type Key32,
  type SimEvidence
} from '@enigma/protocol'

/** Hash of the code that every enclave of these tests runs. */
export const MEASUREMENT = keccak256(utf8('enclave code'))
export const MODE = asciiBytes32(ATTESTATION_MODE_SIMULATION)
export const DAY = 24 * 3600

/** The keys of an enclave, made from a label so that every run has the same. */
export interface Enclave {
  readonly key: Uint8Array
  readonly signer: Address
  readonly transportKey: Key32
}

export function enclave(label: string): Enclave {
  const key = fromHex(keccak256(utf8(`signing key of ${label}`)))
  const transportKey = keccak256(utf8(`transport key of ${label}`)) as Hex as Key32
  return { key, signer: addressOfPrivateKey(key), transportKey }
}

/** Evidence of the simulation for a report, fresh at `now` (seconds) and good for a day more. */
export function evidenceFor(reportData: Hash, now: number, changes: Partial<SimEvidence> = {}): Hex {
  return toHex(
    makeSimEvidence({
      tee: TEE_SIM,
      measurement: MEASUREMENT,
      svn: 1,
      debug: true,
      isolation: asciiBytes32('process-only'),
      issuedAt: now,
      expiry: now + 30 * DAY,
      reportData,
      ...changes
    })
  )
}

export const sign = (digest: Hash, { key }: Enclave): Hex => toHex(signDigest(digest, key))
