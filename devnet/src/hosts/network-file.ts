import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { waitFor } from '../wait.ts'

/**
 * What the hosts of a network that is spread over containers tell each other, in one file of a volume they share. It grows: first the
 * contracts, then the address of the principal. docs/guide-containers.md
 */
export interface NetworkFile {
  readonly chainUrl: string
  readonly enigma: string
  readonly token: string
  /** Multiaddrs of the principal; not there before it has been registered. */
  readonly bootstrap?: readonly string[]
}

/** Whole at once: others wait for it. */
export function writeNetworkFile(path: string, network: NetworkFile): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(network, null, 2)}\n`, { mode: 0o644 })
  renameSync(`${path}.new`, path)
}

/** @throws DEVNET_TIMEOUT if the file does not come to say this much in time */
export function readNetworkFile(
  path: string,
  needs: 'contracts' | 'bootstrap',
  signal: AbortSignal
): Promise<NetworkFile> {
  return waitFor(
    () => {
      const found = JSON.parse(readFileSync(path, 'utf8')) as NetworkFile
      return needs === 'contracts' || found.bootstrap !== undefined ? found : undefined
    },
    { what: `${path} to name the ${needs}`, limitMs: 300_000, signal }
  )
}
