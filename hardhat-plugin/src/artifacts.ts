import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { compileContract } from '@enigma/secret-contracts'
import type { SecretContractAbi } from 'enigma-js'

/** Where the plugin finds sources and puts what it makes. */
export interface Folders {
  readonly sources: string
  readonly build: string
}

export interface SecretArtifact {
  readonly name: string
  readonly wasm: Uint8Array
  readonly abi: SecretContractAbi
}

/** Names of the secret contracts: `NAME.ts`, or `NAME/NAME.ts` as the samples lie. */
export function contractNames({ sources }: Folders): readonly string[] {
  if (!existsSync(sources)) return []
  return readdirSync(sources, { withFileTypes: true })
    .filter(entry =>
      entry.isDirectory()
        ? existsSync(join(sources, entry.name, `${entry.name}.ts`))
        : /^(?!.*\.d\.ts$).*\.ts$/.test(entry.name)
    )
    .map(({ name }) => basename(name, '.ts'))
    .sort()
}

/** Compiles one contract and reads what came of it. @throws CompileError, or if there is no such contract */
export async function compiled(folders: Folders, name: string): Promise<SecretArtifact> {
  const { sources, build } = folders
  const file = [join(sources, `${name}.ts`), join(sources, name, `${name}.ts`)].find(path => existsSync(path))
  if (file === undefined || !/^[\w-]+$/.test(name)) {
    throw new Error(
      `There is no secret contract ${name} in ${sources}; there are: ${contractNames(folders).join(', ')}.`
    )
  }
  const { wasmPath, abi } = await compileContract(file, build)
  return { name, wasm: readFileSync(wasmPath), abi: abi as unknown as SecretContractAbi }
}
