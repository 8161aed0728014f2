import {
  ZERO_ADDRESS,
  reportDataOf,
  type Attested,
  type ExportRootRequest,
  type ExportRootResponse,
  type ImportRootRequest,
  type Report,
  type StartRequest,
  type StartResponse
} from '@enigma/protocol'
import { requireSameCode } from '../attest/same-code.ts'
import { enclaveError } from '../errors.ts'
import { Role, bindingOf, requireSameBinding, type Binding } from '../keys/binding.ts'
import { hasIdentity, importedIdentity, pendingImport, type PendingImport } from '../keys/identity.ts'
import {
  openSecrets,
  rootTransfer,
  sealSecrets,
  type PrincipalSecrets,
  type RootTransfer
} from '../keys/root-transfer.ts'
import { storeSeeds } from '../keys/seeds.ts'
import { evidence, startResponse } from './lifecycle.ts'
import { createPrincipalParts, type PrincipalParts } from './principal-parts.ts'
import type { Enclave } from './session.ts'

/**
 * R14: a new enclave asks for the root of a principal. It attests a key made for this; its report names no principal, so nobody takes it
 * for a worker's or a principal's. In memory only: an enclave that was restarted asks again.
 */
export function importRequest(enclave: Enclave, request: StartRequest): Attested {
  const binding = importBinding(enclave, request)
  if (enclave.pendingImport) requireSameBinding(enclave.pendingImport.binding, binding)
  else enclave.pendingImport = pendingImport(binding)
  const report = importReport(enclave.pendingImport)
  return { report, evidence: enclave.platform.getEvidence(reportDataOf(report)) }
}

/** R14: gives the root to an enclave of the same code that asks for it, for the same network and operator. @throws ENCLAVE_EXPORT_REFUSED */
export function exportRoot(
  enclave: Enclave,
  { identity, root, seeds }: PrincipalParts,
  { to }: ExportRootRequest
): ExportRootResponse {
  const { domain, operator } = identity.binding
  const { report } = to
  if (report.principalSigner !== ZERO_ADDRESS) throw exportRefused('it is not that of an enclave that asks for a root')
  if (report.chainId !== domain.chainId || report.enigma !== domain.enigma || report.operator !== operator) {
    throw exportRefused('it is of another network or operator')
  }
  try {
    requireSameCode(to, enclave.platform.measurement, enclave.nowSeconds())
  } catch (cause) {
    throw exportRefused(cause instanceof Error ? cause.message : 'its evidence is wrong', cause)
  }
  const { highest, generation } = seeds
  const sealed = sealSecrets(evidence(enclave, { nonce: 0 }), identity.transport.privateKey, report, {
    root,
    highest: highest < 0 ? null : { d: highest },
    generation
  })
  enclave.log('warn', 'root-exported', { to: report.signer })
  return { sealed }
}

/** R14: becomes the principal that sent its secrets. @throws ENCLAVE_IMPORT_REFUSED */
export async function importRoot(enclave: Enclave, { start, sealed }: ImportRootRequest): Promise<StartResponse> {
  const pending = enclave.pendingImport
  if (!pending) throw importRefused('this enclave did not ask for it, or was restarted since')
  const binding = importBinding(enclave, start)
  requireSameBinding(pending.binding, binding)
  const transfer = decodedTransfer(sealed)
  const { from } = transfer
  const { chainId, enigma } = binding.domain
  if (from.report.chainId !== chainId || from.report.enigma !== enigma || from.report.operator !== binding.operator) {
    throw importRefused('it comes from another network or operator')
  }
  try {
    requireSameCode(from, enclave.platform.measurement, enclave.nowSeconds())
  } catch (cause) {
    throw importRefused(cause instanceof Error ? cause.message : 'the evidence of its sender is wrong', cause)
  }
  const secrets = openedSecrets(transfer, pending)
  const { root } = secrets
  const identity = importedIdentity(binding, root)
  if (identity.signer !== from.report.signer || identity.transport.publicKey !== from.report.transportKey) {
    throw importRefused('the root is not that of its sender')
  }
  await storeSeeds(enclave.vault, secrets) // before the identity: without it nothing starts
  await identity.store(enclave.vault)
  enclave.session = { identity, worker: null, principal: createPrincipalParts(enclave, identity, root) }
  enclave.pendingImport = undefined
  pending.destroy()
  enclave.log('warn', 'root-imported', { signer: identity.signer })
  return startResponse(enclave)
}

/** @throws ENCLAVE_BOUND for an enclave that is somebody already */
function importBinding(enclave: Enclave, request: StartRequest): Binding {
  const binding = bindingOf(request, enclave.platform.measurement, enclave.nowSeconds())
  if (binding.role !== Role.principal) {
    throw enclaveError('ENCLAVE_BAD_REQUEST', 'Only a principal has a root to take over.')
  }
  if (enclave.session || hasIdentity(enclave.vault)) {
    throw enclaveError('ENCLAVE_BOUND', 'This enclave has keys of its own. Import into one with an empty folder.')
  }
  return binding
}

const importReport = ({ signer, transport, binding }: PendingImport): Report => ({
  signer,
  transportKey: transport.publicKey,
  operator: binding.operator,
  ...binding.domain,
  principalSigner: ZERO_ADDRESS,
  nonce: 0
})

function decodedTransfer(sealed: Uint8Array): RootTransfer {
  try {
    return rootTransfer.decode(sealed)
  } catch (cause) {
    throw importRefused('it is malformed', cause)
  }
}

function openedSecrets(transfer: RootTransfer, pending: PendingImport): PrincipalSecrets {
  try {
    return openSecrets(transfer, pending.transport.privateKey, importReport(pending))
  } catch (cause) {
    throw importRefused('it does not open: made for another request, or altered', cause)
  }
}

const exportRefused = (why: string, cause?: unknown) =>
  enclaveError('ENCLAVE_EXPORT_REFUSED', `The root stays here; the request was refused: ${why}.`, cause)
const importRefused = (why: string, cause?: unknown) =>
  enclaveError('ENCLAVE_IMPORT_REFUSED', `The root was refused: ${why}.`, cause)
