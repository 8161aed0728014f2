import { bytesToHex, hexToBytes, concatBytes } from '@noble/hashes/utils.js'
import { ProtocolError } from './errors.ts'

export type Hex = `0x${string}`

export { concatBytes }

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`
}

/** Decodes `0x`-prefixed hex of any case. @throws PROTOCOL_DECODE if it is not hex, or not `length` bytes where that is given. */
export function fromHex(hex: string, length?: number): Uint8Array {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(hex)) {
    throw new ProtocolError({ code: 'PROTOCOL_DECODE', what: 'hex' }, 'Expected 0x-prefixed hexadecimal bytes.')
  }
  const bytes = hexToBytes(hex.slice(2))
  if (length !== undefined && bytes.length !== length) {
    throw new ProtocolError(
      { code: 'PROTOCOL_DECODE', what: 'hex' },
      `Expected ${length} bytes of hexadecimal, got ${bytes.length}.`
    )
  }
  return bytes
}

/** Compares without an early exit, so that the time taken tells nothing about where two secrets differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

export function bigintToBytes(value: bigint, length: number): Uint8Array {
  if (value < 0n || value >> BigInt(8 * length) !== 0n) {
    throw new ProtocolError({ code: 'PROTOCOL_ENCODE', what: 'integer' }, `Integer does not fit ${length} bytes.`)
  }
  return hexToBytes(value.toString(16).padStart(2 * length, '0'))
}

export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes))
}
