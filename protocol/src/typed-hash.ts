import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes, utf8 } from './bytes.ts'
import { WORD_BYTES, wordWriter, type AbiValue, type WordWriter } from './abi-words.ts'

/**
 * EIP-712 for messages of static fields, structs and lists of structs, with every type prepared once. Each receipt is hashed at every
 * node several times, each view of the chain with all its tasks; a general encoder prepares the types anew each time.
 * @see https://eips.ethereum.org/EIPS/eip-712
 */

export interface Field {
  readonly name: string
  readonly type: string
}
export type Types = Readonly<Record<string, readonly Field[]>>
export type StructHash = (value: Readonly<Record<string, unknown>>) => Uint8Array

const structOf = (type: string): string => type.replace(/\[\]$/, '')

/** Names of the structs that one refers to, itself first, the others in order. */
function referred(types: Types, name: string, found = new Set<string>()): Set<string> {
  found.add(name)
  for (const { type } of types[name]!) {
    const inner = structOf(type)
    if (types[inner] && !found.has(inner)) referred(types, inner, found)
  }
  return found
}

function typeHash(types: Types, name: string): Uint8Array {
  const [, ...others] = referred(types, name)
  const line = (of: string): string =>
    `${of}(${types[of]!.map(({ type, name: field }) => `${type} ${field}`).join(',')})`
  return keccak_256(utf8([name, ...others.sort()].map(line).join('')))
}

/** Prepares the `hashStruct` of a type. */
export function structHash(types: Types, name: string): StructHash {
  const head = typeHash(types, name)
  const writers = types[name]!.map(({ name: field, type }): { field: string; write: WordWriter | StructWriter } => {
    const write = wordWriter(type)
    if (write) return { field, write }
    const inner = structHash(types, structOf(type))
    return { field, write: type.endsWith('[]') ? listWriter(inner) : structWriter(inner) }
  })
  return value => {
    const words = new Uint8Array(WORD_BYTES * (1 + writers.length))
    words.set(head)
    writers.forEach(({ field, write }, i) => write(words, WORD_BYTES * (1 + i), value[field] as AbiValue & Struct[]))
    return keccak_256(words)
  }
}

type Struct = Readonly<Record<string, unknown>>
type StructWriter = (into: Uint8Array, offset: number, value: AbiValue & Struct[]) => void

const structWriter =
  (hash: StructHash): StructWriter =>
  (into, offset, value) =>
    into.set(hash(value as unknown as Struct), offset)
const listWriter =
  (hash: StructHash): StructWriter =>
  (into, offset, value) =>
    into.set(keccak_256(concatBytes(...(value as readonly Struct[]).map(hash))), offset)

const PREFIX = Uint8Array.of(0x19, 0x01)

/** What is signed: the message under its domain. */
export const digestOf = (domainSeparator: Uint8Array, message: Uint8Array): Uint8Array =>
  keccak_256(concatBytes(PREFIX, domainSeparator, message))
