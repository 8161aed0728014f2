import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, keccak256, utf8, type Hash } from '@enigma/protocol'

/** The files that make an enclave, in the order in which they are hashed. */
export const BUNDLE_FILES = ['enclave.mjs', 'wasm-thread.mjs'] as const

export type Bundle = Readonly<Record<(typeof BUNDLE_FILES)[number], Uint8Array>>

const prefixed = (bytes: Uint8Array): Uint8Array => {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  return concatBytes(length, bytes)
}

/** keccak256 over each file's name and bytes, each with its u32 length in front. docs/spec/enclave-boundary.md */
export function measurementOf(bundle: Bundle): Hash {
  return keccak256(concatBytes(...BUNDLE_FILES.flatMap(name => [prefixed(utf8(name)), prefixed(bundle[name])])))
}

export function readBundle(folder: string): Bundle {
  return Object.fromEntries(
    BUNDLE_FILES.map(name => [name, new Uint8Array(readFileSync(join(folder, name)))])
  ) as unknown as Bundle
}
