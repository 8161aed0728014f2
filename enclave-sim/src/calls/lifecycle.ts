import {
  reportDataOf,
  type Attested,
  type EnclaveStatus,
  type EvidenceRequest,
  type Report,
  type StartRequest,
  type StartResponse
} from '@enigma/protocol'
import { bindingOf, requireSameBinding, roleName, type Binding } from '../keys/binding.ts'
import { openIdentity } from '../keys/identity.ts'
import { createPrincipalParts } from './principal-parts.ts'
import { sessionOf, type Enclave, type Session } from './session.ts'
import { createWorkerParts } from './worker-parts.ts'

/** R3, R14: the first start makes the keys and binds them; every later one loads them for the same binding. */
export async function start(enclave: Enclave, request: StartRequest): Promise<StartResponse> {
  const { platform } = enclave
  const asked = bindingOf(request, platform.measurement, enclave.nowSeconds())
  if (enclave.session) requireSameBinding(enclave.session.identity.binding, asked)
  else {
    enclave.session = await openSession(enclave, asked)
    enclave.pendingImport?.destroy()
    enclave.pendingImport = undefined
    enclave.log('info', 'started', { role: roleName(asked.role), signer: enclave.session.identity.signer })
  }
  return startResponse(enclave)
}

export function startResponse(enclave: Enclave): StartResponse {
  const { signer, transport, principalSigner } = sessionOf(enclave).identity
  const { measurement, svn, isolation, mode } = enclave.platform
  return { signer, transportKey: transport.publicKey, principalSigner, measurement, svn, isolation, mode }
}

async function openSession(enclave: Enclave, asked: Binding): Promise<Session> {
  const identity = await openIdentity(enclave.vault, asked)
  return identity.root === null
    ? { identity, worker: createWorkerParts(enclave, identity), principal: null }
    : { identity, worker: null, principal: createPrincipalParts(enclave, identity, identity.root) }
}

export function evidence(enclave: Enclave, { nonce }: EvidenceRequest): Attested {
  const { signer, transport, principalSigner, binding } = sessionOf(enclave).identity
  const { operator, domain } = binding
  const report: Report = { signer, transportKey: transport.publicKey, operator, ...domain, principalSigner, nonce }
  return { report, evidence: enclave.platform.getEvidence(reportDataOf(report)) }
}

export function status({ session, monotonicMs }: Enclave): EnclaveStatus {
  return {
    uptimeSeconds: Math.floor(monotonicMs() / 1000),
    runs: session?.worker?.counters.runs ?? 0,
    contracts: session?.worker?.states.size ?? 0,
    views: session?.worker?.views.size ?? 0
  }
}
