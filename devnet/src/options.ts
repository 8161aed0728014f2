import type { ChainKind, DevnetConfirmations } from './chain-process.ts'
import type { DevnetNode, DevnetWorker } from './devnet-node.ts'
import type { ProcessId } from './process-id.ts'
import { anyPorts, type DevnetPorts } from './ports.ts'

/** When the chain makes blocks, once the set-up is over. */
export type Mining = { readonly mode: 'interval'; readonly ms: number } | { readonly mode: 'manual' }

export interface DevnetOptions {
  /** 1 to 9. */
  readonly workers?: number
  readonly ports?: DevnetPorts
  /** Holds everything of this network. Default: a folder under the system's temporary one, removed by `stop`. */
  readonly dataDir?: string
  /** `anvil` goes on from the state in `dataDir`. */
  readonly chain?: ChainKind
  /** A second principal, which holds the same root and takes over when it is promoted. */
  readonly standby?: boolean
  /** Blocks after which a receipt counts: 1, or 24 for tests of reorganisations. Decides the chain id. */
  readonly confirmations?: DevnetConfirmations
  /** Blocks of an epoch, 2 to 200. */
  readonly epochSize?: number
  readonly mining?: Mining
  /** Serve the template dApp as well, if it is built. */
  readonly dapp?: boolean
  /** One file per process. Default: `DATA_DIR/logs`. */
  readonly logDir?: string
  /** Modules that principal and workers load before their own program; for tests that watch them. */
  readonly preload?: readonly string[]
  /** More environment for one process. */
  readonly env?: (name: string) => Readonly<Record<string, string>>
  /** Places for tests to put something between the processes. */
  readonly seams?: DevnetSeams
  /**
   * Starts the workers while the principal, their bootstrap node, is down and not registered, and calls this back; then goes on as ever.
   */
  readonly workersFirst?: (workers: readonly DevnetWorker[]) => Promise<void>
  /** Time for everything until the network is ready. */
  readonly readyTimeoutMs?: number
  /** Time a process gets between SIGTERM and SIGKILL. Workers promise to need less than 10 s. */
  readonly stopGraceMs?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (text: string) => void
  readonly onLog?: (name: string, line: string) => void
  /** Called with every process that runs, whenever one came or went. */
  readonly onProcesses?: (processes: readonly RunningProcess[]) => void
  readonly onUnexpectedExit?: (name: string, exit: string) => void
}

/** Asked at every start of a process (`chain` once, when the chain listens). What a function does not want to change it gives back as it got it. */
export interface DevnetSeams {
  /** Runs the process by another command, such as `ip netns exec NAME`: it must become the process, not start a child. */
  readonly command?: (name: string) => readonly string[]
  /** Told of the chain before any node starts; the start waits for it. */
  readonly chain?: (url: string) => Promise<void>
  /** The chain's address that this node is told. */
  readonly chainUrl?: (name: string, url: string) => string
  /** The bootstrap addresses that this worker is told. */
  readonly bootstrap?: (name: string, multiaddrs: readonly string[]) => readonly string[]
  /** With `standby`: brings it the root of the primary, as their operators would. Default: by management calls. */
  readonly importRoot?: (primary: DevnetNode, standby: DevnetNode) => Promise<void>
}

export interface RunningProcess extends ProcessId {
  readonly name: string
}

export const defaults = {
  workers: 3,
  ports: anyPorts,
  chain: 'hardhat',
  confirmations: 1,
  standby: false,
  epochSize: 60,
  mining: { mode: 'interval', ms: 1_000 },
  dapp: false,
  readyTimeoutMs: 120_000,
  stopGraceMs: 12_000
} as const satisfies DevnetOptions
