import {
  ZERO_ADDRESS,
  abiEncode,
  equalBytes,
  type Address,
  type Attested,
  type Domain,
  type Hash,
  type Key32,
  type StartRequest
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import { requireSameCode } from '../attest/same-code.ts'

export const Role = { worker: 0, principal: 1 } as const
export type Role = (typeof Role)[keyof typeof Role]
export const roleName = (role: Role): string => (role === Role.worker ? 'worker' : 'principal')

/** What an enclave is bound to from its first start on, for ever (R3). */
export interface Binding {
  readonly role: Role
  readonly domain: Domain
  readonly operator: Address
  readonly principalSigner: Address // of a principal: 0
  readonly principalTransport: Key32 // of a principal: 0
}

const ZERO_KEY = `0x${'00'.repeat(32)}` as Key32

/**
 * The binding that a host asks for, checked for itself.
 *
 * @param measurement the only one that a worker's principal may have: its own
 * @throws ENCLAVE_BAD_REQUEST, ENCLAVE_BAD_NETWORK, ENCLAVE_BAD_PRINCIPAL
 */
export function bindingOf(request: StartRequest, measurement: Hash, nowSeconds: number): Binding {
  const { role, chainId, enigma, operator, principalSigner, principal } = request
  if (role !== Role.worker && role !== Role.principal) {
    throw enclaveError('ENCLAVE_BAD_REQUEST', `There is no role ${role}.`)
  }
  if (chainId === 1n) {
    throw enclaveError('ENCLAVE_BAD_NETWORK', "A simulated enclave does not serve Ethereum's main network.")
  }
  if (chainId === 0n || chainId >= 1n << 64n || enigma === ZERO_ADDRESS || operator === ZERO_ADDRESS) {
    throw enclaveError('ENCLAVE_BAD_NETWORK', 'The chain id, the Enigma contract or the operator is not usable.')
  }
  const domain: Domain = { chainId, enigma }
  if (role === Role.principal) {
    if (principal !== null || principalSigner !== ZERO_ADDRESS) {
      throw enclaveError('ENCLAVE_BAD_REQUEST', 'A principal has no principal above it.')
    }
    return { role, domain, operator, principalSigner: ZERO_ADDRESS, principalTransport: ZERO_KEY }
  }
  if (principal === null) throw enclaveError('ENCLAVE_BAD_PRINCIPAL', 'A worker needs the report of its principal.')
  checkPrincipal(principal, principalSigner, domain, measurement, nowSeconds)
  return { role, domain, operator, principalSigner, principalTransport: principal.report.transportKey }
}

function checkPrincipal(
  principal: Attested,
  signer: Address,
  domain: Domain,
  measurement: Hash,
  nowSeconds: number
): void {
  const { report } = principal
  if (report.signer !== signer || report.principalSigner !== signer || signer === ZERO_ADDRESS) {
    throw enclaveError('ENCLAVE_BAD_PRINCIPAL', "The report is not that of the network's principal.")
  }
  if (report.chainId !== domain.chainId || report.enigma !== domain.enigma) {
    throw enclaveError('ENCLAVE_BAD_PRINCIPAL', 'The report of the principal is of another network.')
  }
  try {
    requireSameCode(principal, measurement, nowSeconds)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw enclaveError('ENCLAVE_BAD_PRINCIPAL', `The principal's enclave is not trusted. ${why}`, cause)
  }
}

const bytesOf = (b: Binding): Uint8Array =>
  abiEncode(
    ['uint8', 'uint256', 'address', 'address', 'address', 'bytes32'],
    [b.role, b.domain.chainId, b.domain.enigma, b.operator, b.principalSigner, b.principalTransport]
  )

/** @throws ENCLAVE_BOUND unless the host asks for what the enclave is bound to. */
export function requireSameBinding(bound: Binding, asked: Binding): void {
  if (equalBytes(bytesOf(bound), bytesOf(asked))) return
  throw enclaveError(
    'ENCLAVE_BOUND',
    'This enclave is bound to another role, chain, Enigma contract, operator or principal, for ever. Start a new one with an empty folder.'
  )
}
