import { concatBytes, fromHex } from './bytes.ts'
import { ProtocolError } from './errors.ts'

/**
 * The static types of Solidity as words of 32 bytes, and `abi.encode` of what is made of them, strings and bytes. Every task is hashed
 * a few dozen times at every node, and a general coder takes ten times as long for it.
 */

/** What `abi.encode` takes here: numbers and strings as they are, bytes as hex or raw. */
export type AbiValue = string | bigint | number | boolean | Uint8Array

export const WORD_BYTES = 32

/** Writes one value into its word. @throws PROTOCOL_ENCODE for a value that its type cannot hold */
export type WordWriter = (into: Uint8Array, offset: number, value: AbiValue) => void

const unfit = (type: string): ProtocolError =>
  new ProtocolError({ code: 'PROTOCOL_ENCODE', what: type }, `A value does not fit the type ${type}.`)

function writeNumber(into: Uint8Array, offset: number, value: bigint, bytes: number): void {
  let rest = value
  for (let i = offset + WORD_BYTES - 1; i >= offset + WORD_BYTES - bytes; i--) {
    into[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
}

function uint(type: string, bits: number): WordWriter {
  const limit = 1n << BigInt(bits)
  return (into, offset, value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && bits >= 32) {
      if (bits < 53 && value >= 2 ** bits) throw unfit(type)
      const view = new DataView(into.buffer, into.byteOffset + offset, WORD_BYTES)
      view.setUint32(WORD_BYTES - 4, value % 2 ** 32)
      view.setUint32(WORD_BYTES - 8, Math.floor(value / 2 ** 32))
      return
    }
    if (typeof value !== 'number' && typeof value !== 'bigint') throw unfit(type)
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw unfit(type)
    const number = BigInt(value)
    if (number < 0n || number >= limit) throw unfit(type)
    writeNumber(into, offset, number, bits / 8)
  }
}

function bytesOf(type: string, length: number, value: AbiValue): Uint8Array {
  try {
    const bytes = typeof value === 'string' ? fromHex(value, length) : value
    if (bytes instanceof Uint8Array && bytes.length === length) return bytes
  } catch (cause) {
    throw new ProtocolError({ code: 'PROTOCOL_ENCODE', what: type }, `A value does not fit the type ${type}.`, {
      cause
    })
  }
  throw unfit(type)
}

function makeWriter(type: string): WordWriter | null {
  const number = /^uint(\d+)$/.exec(type)
  if (number) return uint(type, Number(number[1]))
  if (type === 'address') return (into, offset, value) => into.set(bytesOf(type, 20, value), offset + 12)
  if (type === 'bool') return (into, offset, value) => void (into[offset + WORD_BYTES - 1] = value ? 1 : 0)
  const fixed = /^bytes(\d+)$/.exec(type)
  if (fixed) return (into, offset, value) => into.set(bytesOf(type, Number(fixed[1]), value), offset)
  return null
}

const writers = new Map<string, WordWriter | null>()

/** Null for a type that is no single word. */
export function wordWriter(type: string): WordWriter | null {
  const known = writers.get(type)
  if (known !== undefined) return known
  const made = makeWriter(type)
  writers.set(type, made)
  return made
}

const utf8 = new TextEncoder()

function tailOf(type: string, value: AbiValue): Uint8Array | null {
  if (type === 'string' && typeof value === 'string') return utf8.encode(value)
  if (type !== 'bytes') return null
  return typeof value === 'string' ? fromHex(value) : value instanceof Uint8Array ? value : null
}

/** `abi.encode` of words, strings and bytes; null if there is another type among them. */
export function encodeWords(types: readonly string[], values: readonly AbiValue[]): Uint8Array | null {
  if (types.length !== values.length) return null
  const head = new Uint8Array(types.length * WORD_BYTES)
  const tails: Uint8Array[] = []
  let end = head.length
  for (const [i, type] of types.entries()) {
    const write = wordWriter(type)
    if (write) {
      write(head, i * WORD_BYTES, values[i]!)
      continue
    }
    const bytes = tailOf(type, values[i]!)
    if (!bytes) return null
    const padded = new Uint8Array(WORD_BYTES * (1 + Math.ceil(bytes.length / WORD_BYTES)))
    writeNumber(padded, 0, BigInt(bytes.length), 8)
    padded.set(bytes, WORD_BYTES)
    writeNumber(head, i * WORD_BYTES, BigInt(end), 8)
    tails.push(padded)
    end += padded.length
  }
  return tails.length === 0 ? head : concatBytes(head, ...tails)
}
