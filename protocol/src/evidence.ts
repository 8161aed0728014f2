import { AbiCoder } from 'ethers'
import { fromHex, toHex, utf8 } from './bytes.ts'
import { keccakTuple } from './hashing.ts'
import { recoverSigner, signDigest } from './signature.ts'
import { address, hash, type Address, type Hash } from './ids.ts'
import { ProtocolError } from './errors.ts'

/**
 * Evidence of the software simulation: its own type, signed by a key that is published right here. It proves nothing
 * about hardware, and says so: `tee` is "sim", the debug bit is always set. It never imitates an Intel quote.
 */
export const SIM_ROOT_INSECURE_PRIVATE_KEY = fromHex(
  '0x6e6f2d73656375726974792d6e6f2d73656375726974792d6e6f2d7365637572' // "no-security-no-security-no-secur"
)
/** Address of the published root. */
export const SIM_ROOT_INSECURE_ADDRESS = address('0xff31d4eada8089971b557b9f26d6932f4aca39cd')

export const ATTESTATION_MODE_SIMULATION = 'simulation'

/** A short ASCII name as bytes32, zero-padded on the right, as Solidity has it. */
export function asciiBytes32(name: string): Hash {
  const bytes = new Uint8Array(32)
  bytes.set(utf8(name).subarray(0, 32))
  return toHex(bytes) as Hash
}
export const fromAsciiBytes32 = (value: Hash): string => new TextDecoder().decode(fromHex(value)).replace(/\0+$/, '')

export interface SimEvidence {
  readonly tee: Hash // asciiBytes32('sim')
  readonly measurement: Hash // of the enclave's code bundle
  readonly svn: number // security version of the code
  readonly debug: boolean // always true here
  readonly isolation: Hash // asciiBytes32('bubblewrap' | 'process-only')
  readonly issuedAt: number // seconds
  readonly expiry: number // seconds
  readonly reportData: Hash // reportDataOf(report)
}

export const TEE_SIM = asciiBytes32('sim')

const TYPES = ['bytes32', 'bytes32', 'uint16', 'bool', 'bytes32', 'uint64', 'uint64', 'bytes32'] as const
const valuesOf = (e: SimEvidence) =>
  [e.tee, e.measurement, e.svn, e.debug, e.isolation, e.issuedAt, e.expiry, e.reportData] as const

export function simEvidenceDigest(e: SimEvidence): Hash {
  return keccakTuple(['string', ...TYPES], ['enigma/sim-evidence/v1', ...valuesOf(e)])
}

/** abi.encode(fields ..., signature of the published root). */
export function makeSimEvidence(e: SimEvidence): Uint8Array {
  const signature = signDigest(simEvidenceDigest(e), SIM_ROOT_INSECURE_PRIVATE_KEY)
  return fromHex(AbiCoder.defaultAbiCoder().encode([...TYPES, 'bytes'], [...valuesOf(e), signature]))
}

/** What of an enclave a verifier accepts. */
export interface EvidencePolicy {
  readonly mode: typeof ATTESTATION_MODE_SIMULATION
  readonly measurements: readonly Hash[]
  readonly nowSeconds: number
  readonly root?: Address
}

/**
 * Verifies simulation evidence for a report.
 *
 * @throws PROTOCOL_SIGNATURE naming what is wrong: another kind of TEE, a signature, a measurement, an age, a report.
 */
export function verifySimEvidence(evidence: Uint8Array, reportData: Hash, policy: EvidencePolicy): SimEvidence {
  const refuse = (what: string, cause?: unknown): ProtocolError =>
    new ProtocolError({ code: 'PROTOCOL_SIGNATURE', what }, `The evidence was refused: ${what}.`, { cause })
  if (evidence.length > 2048) throw refuse('it is too long')
  let fields: ReturnType<AbiCoder['decode']>
  try {
    fields = AbiCoder.defaultAbiCoder().decode([...TYPES, 'bytes'], evidence)
  } catch (cause) {
    throw refuse('it is not in the format of the simulation', cause)
  }
  const found: SimEvidence = {
    tee: hash(fields[0]),
    measurement: hash(fields[1]),
    svn: Number(fields[2]),
    debug: Boolean(fields[3]),
    isolation: hash(fields[4]),
    issuedAt: Number(fields[5]),
    expiry: Number(fields[6]),
    reportData: hash(fields[7])
  }
  if (found.tee !== TEE_SIM) throw refuse('it is of another attestation mode')
  if (!found.debug) throw refuse('a simulated enclave without the debug bit')
  if (recoverSigner(simEvidenceDigest(found), fromHex(fields[8])) !== (policy.root ?? SIM_ROOT_INSECURE_ADDRESS)) {
    throw refuse('another root signed it')
  }
  if (!policy.measurements.includes(found.measurement)) throw refuse('its measurement is not on the allow list')
  if (found.reportData !== reportData) throw refuse('it binds another report')
  if (policy.nowSeconds > found.expiry) throw refuse('it has expired')
  return found
}
