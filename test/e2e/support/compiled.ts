import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Artifact, SecretContractAbi } from 'enigma-js'
import { compileContract } from '@enigma/secret-contracts'

/** Compiles a contract from its text. */
export async function compiled(name: string, source: string): Promise<Artifact<SecretContractAbi>> {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-contract-'))
  try {
    writeFileSync(join(folder, `${name}.ts`), source)
    const { wasmPath, abi } = await compileContract(join(folder, `${name}.ts`), folder)
    return { wasm: readFileSync(wasmPath), abi: abi as unknown as SecretContractAbi }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
