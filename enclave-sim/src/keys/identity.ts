import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  addressCodec,
  addressOfPrivateKey,
  bytes32,
  fixedBytes,
  message,
  principalSecretOf,
  randomBytes,
  signDigest,
  u256,
  u8,
  x25519Pair,
  type Address,
  type Codec,
  type Hash,
  type Key32,
  type X25519Pair
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import type { Vault } from '../seal/vault.ts'
import { Role, requireSameBinding, type Binding } from './binding.ts'

/** Who this enclave is: its binding and the keys that never change. */
export interface Identity {
  readonly binding: Binding
  readonly signer: Address
  readonly principalSigner: Address // a principal's is its own
  readonly transport: X25519Pair
  /** The secret of all state keys and seeds; only a principal has it. */
  readonly root: Uint8Array | null
  sign(digest: Hash): Uint8Array
}

interface StoredIdentity {
  readonly role: number
  readonly chainId: bigint
  readonly enigma: Address
  readonly operator: Address
  readonly principalSigner: Address
  readonly principalTransport: Key32
  readonly secret: Uint8Array // worker: signing key; principal: root
  readonly transportSecret: Uint8Array // worker: X25519 key; principal: zeros, it follows from the root (R14)
}
const storedIdentity: Codec<StoredIdentity> = message<StoredIdentity>('Identity', 1, {
  role: u8,
  chainId: u256,
  enigma: addressCodec,
  operator: addressCodec,
  principalSigner: addressCodec,
  principalTransport: bytes32<Key32>(),
  secret: fixedBytes(32),
  transportSecret: fixedBytes(32)
})

/**
 * The identity in the vault; a new one if the vault is empty.
 *
 * @throws ENCLAVE_BOUND if the vault's belongs to another network, operator, role or principal; ENCLAVE_SEAL_*
 */
export async function openIdentity(vault: Vault, asked: Binding): Promise<Identity> {
  const stored = vault.load('identity', storedIdentity)
  if (stored !== undefined) {
    const bound = bindingOfStored(stored)
    requireSameBinding(bound, asked)
    return identityOf(bound, stored.secret, stored.transportSecret)
  }
  if (!vault.isEmpty()) {
    throw enclaveError(
      'ENCLAVE_SEAL_BROKEN',
      'The sealed identity is gone while other sealed data is there. Restore it, or empty the folder.'
    )
  }
  const secret = asked.role === Role.worker ? secp256k1.utils.randomSecretKey() : randomBytes(32)
  const transportSecret = asked.role === Role.worker ? randomBytes(32) : new Uint8Array(32)
  await storeIdentity(vault, asked, secret, transportSecret)
  return identityOf(asked, secret, transportSecret)
}

export const hasIdentity = (vault: Vault): boolean => vault.load('identity', storedIdentity) !== undefined

/** Keys of an enclave that asks for a principal's root, until it has it. */
export interface PendingImport {
  readonly binding: Binding
  readonly signer: Address // of a key that signs nothing: it only tells one request from another
  readonly transport: X25519Pair
  destroy(): void
}

export function pendingImport(binding: Binding): PendingImport {
  const transport = x25519Pair()
  const signer = addressOfPrivateKey(secp256k1.utils.randomSecretKey())
  return { binding, signer, transport, destroy: () => void transport.privateKey.fill(0) }
}

/** The principal whose root this is, to be stored as this enclave's own identity. */
export function importedIdentity(
  binding: Binding,
  root: Uint8Array
): Identity & { store(vault: Vault): Promise<void> } {
  const transportSecret = new Uint8Array(32)
  return {
    ...identityOf(binding, root, transportSecret),
    store: vault => storeIdentity(vault, binding, root, transportSecret)
  }
}

function storeIdentity(vault: Vault, binding: Binding, secret: Uint8Array, transportSecret: Uint8Array): Promise<void> {
  const { role, domain, operator, principalSigner, principalTransport } = binding
  return vault.store('identity', storedIdentity, {
    role,
    ...domain,
    operator,
    principalSigner,
    principalTransport,
    secret,
    transportSecret
  })
}

const bindingOfStored = (s: StoredIdentity): Binding => ({
  role: s.role as Role,
  domain: { chainId: s.chainId, enigma: s.enigma },
  operator: s.operator,
  principalSigner: s.principalSigner,
  principalTransport: s.principalTransport
})

function identityOf(binding: Binding, secret: Uint8Array, transportSecret: Uint8Array): Identity {
  const { chainId, enigma } = binding.domain
  const isPrincipal = binding.role === Role.principal
  const signingKey = isPrincipal ? principalSecretOf(secret, 'signer', chainId, enigma) : secret
  const signer = addressOfPrivateKey(signingKey)
  return {
    binding,
    signer,
    principalSigner: isPrincipal ? signer : binding.principalSigner,
    transport: x25519Pair(isPrincipal ? principalSecretOf(secret, 'transport', chainId, enigma) : transportSecret),
    root: isPrincipal ? secret : null,
    sign: digest => signDigest(digest, signingKey)
  }
}
