import { concatBytes, fromHex } from './bytes.ts'

/** What of Node.js is used where there is one. No import: a bundle for browsers has nothing of it. */
interface NodeCrypto {
  createPrivateKey(input: { key: Uint8Array; format: 'der'; type: 'pkcs8' }): object
  createPublicKey(input: { key: Uint8Array; format: 'der'; type: 'spki' }): object
  diffieHellman(keys: { privateKey: object; publicKey: object }): Uint8Array
}
interface MaybeNode {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
}

/** DER in front of 32 bytes: RFC 8410, sections 4 and 7. */
const PKCS8_X25519 = fromHex('0x302e020100300506032b656e04220420')
const SPKI_X25519 = fromHex('0x302a300506032b656e032100')

/** X25519 (RFC 7748) by Node.js; null elsewhere. What it returns throws for a public key of low order. */
export function nativeX25519(): ((privateKey: Uint8Array, publicKey: Uint8Array) => Uint8Array) | null {
  const crypto = (globalThis as MaybeNode).process?.getBuiltinModule?.('crypto') as Partial<NodeCrypto> | undefined
  const { createPrivateKey, createPublicKey, diffieHellman } = crypto ?? {}
  if (!createPrivateKey || !createPublicKey || !diffieHellman) return null
  return (privateKey, publicKey) => {
    const der = concatBytes(PKCS8_X25519, privateKey)
    try {
      const secret = diffieHellman({
        privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
        publicKey: createPublicKey({ key: concatBytes(SPKI_X25519, publicKey), format: 'der', type: 'spki' })
      })
      const copy = new Uint8Array(secret) // no Buffer: it prints and compares otherwise
      secret.fill(0)
      return copy
    } finally {
      der.fill(0)
    }
  }
}
