import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes, fromHex, toHex } from './bytes.ts'
import { keccak256 } from './hashing.ts'
import { address, type Address, type Hash } from './ids.ts'
import { ProtocolError } from './errors.ts'

export const SIGNATURE_BYTES = 65

/** The address of an uncompressed or compressed secp256k1 public key. */
export function addressOfPublicKey(publicKey: Uint8Array): Address {
  return addressOfPoint(secp256k1.Point.fromBytes(publicKey).toBytes(false))
}

const addressOfPoint = (uncompressed: Uint8Array): Address =>
  address(`0x${keccak256(uncompressed.subarray(1)).slice(-40)}`)

export function addressOfPrivateKey(privateKey: Uint8Array): Address {
  return addressOfPublicKey(secp256k1.getPublicKey(privateKey, false))
}

/** ECDSA over a 32-byte digest, deterministic (RFC 6979), low s: r || s || v with v = 27 or 28. */
export function signDigest(digest: Hash, privateKey: Uint8Array): Uint8Array {
  const recovered = secp256k1.sign(fromHex(digest, 32), privateKey, { prehash: false, lowS: true, format: 'recovered' })
  return concatBytes(recovered.subarray(1), Uint8Array.of(27 + recovered[0]!))
}

/** Signers found lately, by digest and signature: a node meets a receipt, a seat's evidence or a key many times, and the curve is slow. */
const MAX_KNOWN = 2_048
const known = new Map<string, Address>()

/** The address that signed. @throws PROTOCOL_SIGNATURE for a wrong length, a high s, or no valid point. */
export function recoverSigner(digest: Hash, signature: Uint8Array): Address {
  const refuse = (why: string, cause?: unknown): ProtocolError =>
    new ProtocolError({ code: 'PROTOCOL_SIGNATURE', what: why }, `The signature was refused: ${why}.`, { cause })
  if (signature.length !== SIGNATURE_BYTES) throw refuse('it is not 65 bytes long')
  const key = digest + toHex(signature)
  const found = known.get(key)
  if (found) return found
  const v = signature[64]!
  if (v !== 27 && v !== 28) throw refuse('its recovery value is neither 27 nor 28')
  try {
    const parsed = secp256k1.Signature.fromBytes(
      concatBytes(Uint8Array.of(v - 27), signature.subarray(0, 64)),
      'recovered'
    )
    if (parsed.hasHighS()) throw refuse('its s is in the upper half')
    const signer = addressOfPoint(parsed.recoverPublicKey(fromHex(digest, 32)).toBytes(false))
    if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value!)
    known.set(key, signer)
    return signer
  } catch (cause) {
    throw cause instanceof ProtocolError ? cause : refuse('no key matches it', cause)
  }
}

/** @throws PROTOCOL_SIGNATURE unless `signer` signed the digest. */
export function requireSigner(what: string, digest: Hash, signature: Uint8Array, signer: Address): void {
  const found = recoverSigner(digest, signature)
  if (found !== signer) {
    throw new ProtocolError({ code: 'PROTOCOL_SIGNATURE', what }, `${what} is signed by ${found}, not by ${signer}.`)
  }
}

export const signatureHex = (signature: Uint8Array): string => toHex(signature)
