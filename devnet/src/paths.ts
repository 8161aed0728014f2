import { join, resolve } from 'node:path'

/** Where the executables are that this package starts. */
export const repositoryRoot = resolve(import.meta.dirname, '../..')

export const workerMain = join(repositoryRoot, 'worker/src/main.ts')
export const enclaveBundle = join(repositoryRoot, 'enclave-sim/dist/enclave.mjs')

/** `$ENIGMA_HOME`, or `.enigma` in the repository. */
export function enigmaHome(): string {
  return process.env.ENIGMA_HOME ?? join(repositoryRoot, '.enigma')
}
