import {
  abiEncode,
  concatBytes,
  fromHex,
  hkdf,
  openOnce,
  sealOnce,
  sharedSecret,
  stateKeyGrants,
  toHex,
  x25519Pair,
  type Address,
  type Domain,
  type Hash,
  type Key32,
  type StateKeyGrant
} from '@enigma/protocol'

/** What ties grants to one answer of one principal to one asker. docs/spec/chain-view.md */
export interface GrantContext {
  readonly domain: Domain
  readonly nonce: Hash // of the view
  readonly viewDigest: Hash
  readonly principalSigner: Address
  readonly askerSigner: Address
}

const KEY_BYTES = 32

/** Encrypts state keys to the asker: nobody else opens them, and nobody but this principal can have made them. */
export function sealGrants(
  context: GrantContext,
  principalKey: Uint8Array,
  askerKey: Key32,
  grants: readonly StateKeyGrant[]
): Uint8Array {
  const ephemeral = x25519Pair()
  const shared = concatBytes(sharedSecret(ephemeral.privateKey, askerKey), sharedSecret(principalKey, askerKey))
  const plaintext = stateKeyGrants.encode(grants)
  const sealed = sealOnce(grantKey(context, shared, ephemeral.publicKey), plaintext, fromHex(context.viewDigest))
  for (const secret of [plaintext, shared, ephemeral.privateKey]) secret.fill(0)
  return concatBytes(fromHex(ephemeral.publicKey), sealed)
}

/** @throws PROTOCOL_DECRYPT, PROTOCOL_DECODE */
export function openGrants(
  context: GrantContext,
  askerKey: Uint8Array,
  principalKey: Key32,
  sealed: Uint8Array
): readonly StateKeyGrant[] {
  const ephemeral = toHex(sealed.subarray(0, KEY_BYTES)) as Key32
  const shared = concatBytes(sharedSecret(askerKey, ephemeral), sharedSecret(askerKey, principalKey))
  const key = grantKey(context, shared, ephemeral)
  const plaintext = openOnce('grants', key, sealed.subarray(KEY_BYTES), fromHex(context.viewDigest))
  const grants = stateKeyGrants.decode(plaintext)
  for (const secret of [plaintext, shared]) secret.fill(0)
  return grants
}

const grantKey = (c: GrantContext, shared: Uint8Array, ephemeral: Key32): Uint8Array =>
  hkdf(
    shared,
    abiEncode(
      ['string', 'uint256', 'address', 'bytes32', 'address', 'address', 'bytes32', 'bytes32'],
      ['grants', c.domain.chainId, c.domain.enigma, c.nonce, c.principalSigner, c.askerSigner, ephemeral, c.viewDigest]
    )
  )
