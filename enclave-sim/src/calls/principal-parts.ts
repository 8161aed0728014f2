import { Seeds } from '../keys/seeds.ts'
import type { Identity } from '../keys/identity.ts'
import type { EnclaveParts } from './enclave-parts.ts'

/** What a principal's enclave has besides its identity. */
export interface PrincipalParts {
  readonly identity: Identity
  readonly root: Uint8Array
  readonly seeds: Seeds
}

export function createPrincipalParts({ vault }: EnclaveParts, identity: Identity, root: Uint8Array): PrincipalParts {
  return { identity, root, seeds: new Seeds(vault, root, identity.binding.domain) }
}
