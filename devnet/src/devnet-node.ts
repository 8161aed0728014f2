import type { DevAccount } from './accounts.ts'
import type { NodeStatus } from './node-process.ts'

/** A node of a running devnet. Addresses stay the same when it is started again. */
export interface DevnetNode {
  readonly name: string
  readonly httpUrl: string
  readonly multiaddrs: readonly string[]
  readonly dataDir: string
  readonly operator: DevAccount
  /** Of the process that runs now; undefined while it is dead. */
  readonly pid: number | undefined
  status(): Promise<NodeStatus>
  /** A management call, as its operator makes it. */
  manage(action: string, body?: object): Promise<Record<string, unknown>>
}

export interface DevnetWorker extends DevnetNode {
  /** 1 to 9. */
  readonly index: number
  readonly staking: DevAccount
}
