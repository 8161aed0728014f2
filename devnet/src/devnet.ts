import type { DevAccount } from './accounts.ts'
import type { DevnetNode, DevnetWorker } from './devnet-node.ts'
import type { RunningProcess } from './options.ts'

export interface Devnet {
  readonly chainUrl: string
  readonly chainId: number
  /** Address of the Enigma contract. */
  readonly enigma: string
  /** Address of the ENG token. */
  readonly token: string
  readonly epochSize: number
  /** Those of the start, then those that were added. */
  readonly workers: readonly DevnetWorker[]
  readonly principal: DevnetNode
  /** With the option `standby`. */
  readonly standby: DevnetNode | undefined
  /** Address of the template dApp's page; undefined if it is not served. */
  readonly dappUrl: string | undefined
  /** `admin` owns the contracts; each of `users` has 10,000 ETH and 1,000,000 ENG. */
  readonly accounts: { readonly admin: DevAccount; readonly users: readonly DevAccount[] }
  readonly dataDir: string
  readonly logDir: string

  /**
   * Starts one more worker, with an identity that the network does not know: it registers by itself, gets its stake, and logs in. Needs blocks
   * meanwhile. Nine in all.
   */
  addWorker(options?: AddWorkerOptions): Promise<DevnetWorker>
  /** Mines blocks now; the first one takes the waiting transactions. */
  mine(blocks?: number): Promise<void>
  blockNumber(): Promise<number>
  /** A block every `ms`, or none unless `mine` is called. */
  setMining(mining: { mode: 'interval'; ms: number } | { mode: 'manual' }): Promise<void>
  /** Sends a signal to one process (`chain`, `principal`, `worker1` ...) as an accident would. Resolves when an ending signal took effect. */
  kill(name: string, signal?: NodeJS.Signals): Promise<void>
  /** Starts a process again, after `kill` or instead of the running one, with its old data and ports. Resolves when it is ready. */
  restart(name: string, options?: RestartOptions): Promise<void>
  /** The last 2,000 lines of a process; all of them are in `LOG_DIR/NAME.log`. */
  logs(name: string): string[]
  processes(): RunningProcess[]
  /** How a process ended (`exit code 0`, `SIGKILL`); undefined while it runs. */
  exitOf(name: string): string | undefined
  /** Ends every process and closes every port. Harmless when called twice. */
  stop(): Promise<void>
}

export interface AddWorkerOptions {
  /** Resolves once it has its stake, without waiting for `ready`. */
  readonly waitReady?: boolean
}

export interface RestartOptions {
  /** More environment, for this start only. */
  readonly env?: Readonly<Record<string, string>>
  /** Resolves once the process listens, without waiting for `ready`. */
  readonly waitReady?: boolean
}
