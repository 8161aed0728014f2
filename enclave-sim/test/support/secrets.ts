import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { abiEncode, bytesToBigint, openRandom, toHex } from '@enigma/protocol'

/** The forms in which a secret could show up somewhere: raw in both byte orders, hex, decimal, base64. */
export function traces(secret: Uint8Array): Buffer[] {
  const hex = toHex(secret).slice(2)
  const reversed = Buffer.from(secret).reverse()
  const texts = [hex, hex.toUpperCase(), reversed.toString('hex'), bytesToBigint(secret).toString()]
  // Base64 of the bytes at each of the three alignments they can have, without the characters that neighbours change.
  const base64 = [0, 1, 2].flatMap((shift): string[] => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString('base64')
    const inner = text.slice(shift === 0 ? 0 : 4, -4)
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [Buffer.from(secret), reversed, ...[...texts, ...base64].map(text => Buffer.from(text))]
}

/** Names of the secrets that occur in `where`, in any form. */
export function leaks(secrets: Readonly<Record<string, Uint8Array>>, where: Uint8Array): string[] {
  const haystack = Buffer.from(where)
  return Object.entries(secrets)
    .filter(([, secret]) => traces(secret).some(form => haystack.includes(form)))
    .map(([name]) => name)
}

/**
 * Opens a sealed blob as only the enclave should be able to: with the simulation's key, which lies in the open.
 * The bytes as specified in docs/spec/enclave-boundary.md.
 */
export function openBlob(key: Uint8Array, name: string, sealed: Uint8Array): Uint8Array {
  return openRandom(name, key, sealed, abiEncode(['string', 'uint8', 'string'], ['enigma/seal', 1, name]))
}

/** The two secrets at the end of a sealed identity. */
export function identitySecrets(sealedFolder: string): { secret: Uint8Array; transportSecret: Uint8Array } {
  const key = new Uint8Array(readFileSync(join(sealedFolder, 'sealing.key')))
  const blob = new Uint8Array(readFileSync(join(sealedFolder, 'identity.sealed')))
  const plaintext = openBlob(key, 'identity', blob)
  return { secret: plaintext.slice(-64, -32), transportSecret: plaintext.slice(-32) }
}

/** The root secret in a principal's sealed files. */
export function identityRoot(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return openBlob(files.get('sealing.key')!, 'identity', files.get('identity.sealed')!).slice(-64, -32)
}
