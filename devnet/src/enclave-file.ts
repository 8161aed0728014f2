import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { DevnetError } from './errors.ts'
import { enclaveBundle, repositoryRoot, workerMain } from './paths.ts'

/** @throws DEVNET_NOT_BUILT naming the first file that a network needs and that is not there. */
export function assertBuilt(): void {
  for (const path of [join(repositoryRoot, 'artifacts/contracts/Enigma.sol'), enclaveBundle, workerMain]) {
    if (existsSync(path)) continue
    const file = relative(repositoryRoot, path)
    throw new DevnetError({ code: 'DEVNET_NOT_BUILT', file }, `${file} is not there.`, {
      hint: 'Build first: `node tools/build.ts`, or use ./launch.sh, which does.'
    })
  }
}

/** The hash by which the contract knows this enclave code. */
export async function enclaveMeasurement(): Promise<string> {
  return `0x${createHash('sha256')
    .update(await readFile(enclaveBundle))
    .digest('hex')}`
}
