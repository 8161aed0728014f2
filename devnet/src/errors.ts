import { EnigmaError } from '@enigma/protocol'

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

export class DevnetError extends EnigmaError<DevnetFailure> {}
