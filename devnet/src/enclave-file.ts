import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { concatBytes, keccak256, utf8, type Hash } from '@enigma/protocol'
import { DevnetError } from './errors.ts'
import { enclaveFolder, repositoryRoot, workerMain } from './paths.ts'

/** The files that make an enclave, in the order in which they are hashed. */
const bundleFiles = ['enclave.mjs', 'wasm-thread.mjs'] as const

/** @throws DEVNET_NOT_BUILT naming the first file that a network needs and that is not there. */
export function assertBuilt(): void {
  const bundle = bundleFiles.map(name => join(enclaveFolder, name))
  for (const path of [join(repositoryRoot, 'artifacts/contracts/Enigma.sol/Enigma.json'), ...bundle, workerMain]) {
    if (existsSync(path)) continue
    const file = relative(repositoryRoot, path)
    throw new DevnetError({ code: 'DEVNET_NOT_BUILT', file }, `${file} is not there.`, {
      hint: 'Build first: `npm run build`, or use ./launch.sh, which does.'
    })
  }
}

/**
 * The hash by which the contract knows this enclave code, taken from the built files as docs/spec/enclave-boundary.md says: an
 * operator who allows a measurement computes it and does not ask the enclave.
 */
export async function enclaveMeasurement(): Promise<Hash> {
  const parts: Uint8Array[] = []
  for (const name of bundleFiles) {
    for (const bytes of [utf8(name), new Uint8Array(await readFile(join(enclaveFolder, name)))]) {
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, bytes.length)
      parts.push(length, bytes)
    }
  }
  return keccak256(concatBytes(...parts))
}
