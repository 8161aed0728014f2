import { enclaveError } from '../errors.ts'
import type { Identity, PendingImport } from '../keys/identity.ts'
import type { EnclaveParts } from './enclave-parts.ts'
import type { PrincipalParts } from './principal-parts.ts'
import type { WorkerParts } from './worker-parts.ts'

/** An enclave after `start`: who it is, and the parts of its role. */
export interface Session {
  readonly identity: Identity
  readonly worker: WorkerParts | null
  readonly principal: PrincipalParts | null
}

/** What of an enclave changes: its session, from the first `start` on, or its wish to take over a principal's root. */
export interface Enclave extends EnclaveParts {
  session: Session | undefined
  pendingImport: PendingImport | undefined
}

export function sessionOf({ session }: Enclave): Session {
  if (session === undefined)
    throw enclaveError('ENCLAVE_NOT_STARTED', 'The enclave was not told its network yet: call start first.')
  return session
}

export function workerOf(enclave: Enclave): WorkerParts {
  const { worker } = sessionOf(enclave)
  if (worker === null)
    throw enclaveError('ENCLAVE_WRONG_ROLE', "This call is for a worker's enclave; this one is a principal's.")
  return worker
}

export function principalOf(enclave: Enclave): PrincipalParts {
  const { principal } = sessionOf(enclave)
  if (principal === null)
    throw enclaveError('ENCLAVE_WRONG_ROLE', "This call is for a principal's enclave; this one is a worker's.")
  return principal
}
