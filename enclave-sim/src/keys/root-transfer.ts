import {
  abiEncode,
  attested,
  bytes,
  concatBytes,
  fixedBytes,
  fromHex,
  hkdf,
  key32,
  maybe,
  message,
  openOnce,
  reportDataOf,
  sealOnce,
  sharedSecret,
  struct,
  toHex,
  u32,
  uint,
  x25519Pair,
  type Attested,
  type Codec,
  type Report
} from '@enigma/protocol'

/** What a principal is, besides the code: whoever holds it is the same one (R14). */
export interface PrincipalSecrets {
  readonly root: Uint8Array
  readonly highest: { readonly d: number } | null // of the seeds released so far
  readonly generation: number
}
const principalSecrets: Codec<PrincipalSecrets> = message<PrincipalSecrets>('PrincipalSecrets', 1, {
  root: fixedBytes(32),
  highest: maybe(struct<{ d: number }>('Highest', { d: uint })),
  generation: u32
})

/** The secrets on their way: who gives them, and a ciphertext for one other enclave. docs/spec/enclave-boundary.md */
export interface RootTransfer {
  readonly from: Attested
  readonly ephemeral: Uint8Array
  readonly ciphertext: Uint8Array
}
export const rootTransfer: Codec<RootTransfer> = message<RootTransfer>('RootTransfer', 1, {
  from: attested,
  ephemeral: fixedBytes(32),
  ciphertext: bytes(256)
})

/** Encrypts to the asker's import key; only the principal that `from` describes can have made it, since its transport key takes part. */
export function sealSecrets(
  from: Attested,
  transportKey: Uint8Array,
  to: Report,
  secrets: PrincipalSecrets
): Uint8Array {
  const ephemeral = x25519Pair()
  const shared = concatBytes(
    sharedSecret(ephemeral.privateKey, to.transportKey),
    sharedSecret(transportKey, to.transportKey)
  )
  const plaintext = principalSecrets.encode(secrets)
  const ephemeralKey = fromHex(ephemeral.publicKey)
  const ciphertext = sealOnce(transferKey(shared, from.report, to, ephemeralKey), plaintext)
  for (const secret of [plaintext, shared, ephemeral.privateKey]) secret.fill(0)
  return rootTransfer.encode({ from, ephemeral: ephemeralKey, ciphertext })
}

/** @throws PROTOCOL_DECRYPT, PROTOCOL_DECODE */
export function openSecrets(transfer: RootTransfer, importKey: Uint8Array, to: Report): PrincipalSecrets {
  const { from, ephemeral, ciphertext } = transfer
  const shared = concatBytes(
    sharedSecret(importKey, key32(toHex(ephemeral))),
    sharedSecret(importKey, from.report.transportKey)
  )
  const plaintext = openOnce('root', transferKey(shared, from.report, to, ephemeral), ciphertext)
  const secrets = principalSecrets.decode(plaintext)
  for (const secret of [plaintext, shared]) secret.fill(0)
  return secrets
}

const transferKey = (shared: Uint8Array, from: Report, to: Report, ephemeral: Uint8Array): Uint8Array =>
  hkdf(
    shared,
    abiEncode(['string', 'bytes32', 'bytes32', 'bytes32'], ['root', reportDataOf(from), reportDataOf(to), ephemeral])
  )
