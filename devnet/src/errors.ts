import { EnigmaError, type Hints } from '@enigma/protocol'

/** What `devnet/` throws on purpose. One line each in docs/errors.md. */
export type DevnetFailure =
  | { readonly code: 'DEVNET_RUNNING'; readonly pid: number }
  | { readonly code: 'DEVNET_PORT_TAKEN'; readonly port: number; readonly use: string }
  /** The disk is full. */
  | { readonly code: 'DEVNET_DISK'; readonly folder: string }
  | { readonly code: 'DEVNET_NOT_BUILT'; readonly file: string }
  | { readonly code: 'DEVNET_PROCESS_ENDED'; readonly process: string; readonly exit: string }
  | { readonly code: 'DEVNET_TIMEOUT'; readonly what: string; readonly limitMs: number }
  | { readonly code: 'DEVNET_CHAIN'; readonly method: string }
  | { readonly code: 'DEVNET_STOPPED' }
  | { readonly code: 'DEVNET_NO_SUCH_PROCESS'; readonly process: string }
  | { readonly code: 'DEVNET_USAGE'; readonly flag: string }
  | { readonly code: 'DEVNET_NO_SGX' }

const DEVNET_HINTS: Hints<DevnetFailure['code']> = {
  DEVNET_RUNNING: 'Stop it with `./launch.sh -q`.',
  DEVNET_PORT_TAKEN:
    'Stop the program that holds the port, or an earlier network with `./launch.sh -q`; or set ENIGMA_DEVNET_PORTS=any.',
  DEVNET_DISK: 'Free some space, or set ENIGMA_HOME to another disk.',
  DEVNET_NOT_BUILT: 'Run `npm ci` and `node tools/build.ts`.',
  DEVNET_PROCESS_ENDED: 'The last lines of its log stand in the message; all of it is in the log folder.',
  DEVNET_TIMEOUT: 'A busy machine needs longer; else the log of the process says what it waits for.',
  DEVNET_CHAIN: 'Look into chain.log in the log folder.',
  DEVNET_STOPPED: 'Nothing: it was asked to stop.',
  DEVNET_NO_SUCH_PROCESS: '`enigma devnet status` names those there are.',
  DEVNET_USAGE: '`./launch.sh -h` shows the flags.',
  DEVNET_NO_SGX: 'Run `./launch.sh -s`. Simulated enclaves protect nothing against whoever runs the machine.'
}

export class DevnetError extends EnigmaError<DevnetFailure> {
  static override get hints(): typeof DEVNET_HINTS {
    return DEVNET_HINTS
  }
}
