import type { Hash } from '@enigma/protocol'
import type { Isolation } from '../backend.ts'

/** Nobody who sees this process start shall take it for a hardware enclave. */
export const banner = (measurement: Hash, isolation: Isolation): string =>
  [
    'Enigma enclave - SIMULATED IN SOFTWARE. It does not protect data from this machine or its administrator.',
    `  measurement ${measurement}`,
    isolation === 'bubblewrap'
      ? '  isolation   bubblewrap: own process, no network, no files but its own'
      : '  isolation   process-only: own process, no files but its own; the network is NOT cut off',
    ''
  ].join('\n')
