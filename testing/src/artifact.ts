import { readFile } from 'node:fs/promises'
import type { SecretContractAbi } from '@enigma/protocol/secret-abi'

/** A compiled secret contract, in memory. */
export interface Artifact<A extends SecretContractAbi = SecretContractAbi> {
  readonly wasm: Uint8Array
  readonly abi: A
}

/** A compiled secret contract on disk: what `compileContract` of `@enigma/secret-contracts` returns. */
export interface CompiledArtifact {
  readonly wasmPath: string
  readonly abi: readonly object[]
}

export async function loadArtifact(given: Artifact | CompiledArtifact): Promise<Artifact> {
  if ('wasm' in given) return { wasm: Uint8Array.from(given.wasm), abi: given.abi }
  return { wasm: new Uint8Array(await readFile(given.wasmPath)), abi: given.abi as SecretContractAbi }
}
