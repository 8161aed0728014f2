import { join } from 'node:path'
import { roles, type DevAccount } from './accounts.ts'
import type { DevnetNode, DevnetWorker } from './devnet-node.ts'
import type { RestartOptions } from './devnet.ts'
import type { ManagedProcess } from './managed-process.ts'
import {
  forgetRuntime,
  manageNode,
  nodeReady,
  nodeRuntime,
  nodeSpec,
  nodeStatus,
  type NodeInit,
  type ReadyInit,
  type NodeRuntime,
  type NodeStatus
} from './node-process.ts'
import type { DevnetOptions } from './options.ts'
import { lastingPeerPort, lastingPort } from './ports.ts'
import type { ProcessTable } from './process-table.ts'

/** What all nodes of one network have in common. */
export interface NodeSurroundings extends Pick<DevnetOptions, 'preload' | 'env' | 'seams'> {
  readonly table: ProcessTable
  readonly chainUrl: string
  readonly enigma: string
  readonly dataDir: string
}

export type NodeKind = Pick<
  NodeInit,
  'role' | 'name' | 'httpPort' | 'p2pPort' | 'bootstrap' | 'operator' | 'staking' | 'minWorkers' | 'standby'
>

/** A principal or a worker: its command line, its process, and where it listens. */
export class NodeHandle implements DevnetNode {
  readonly name: string
  readonly dataDir: string
  readonly operator: DevAccount
  readonly #table: ProcessTable
  readonly #surroundings: NodeSurroundings
  #init: NodeInit
  #runtime: NodeRuntime | undefined

  constructor(surroundings: NodeSurroundings, kind: NodeKind) {
    const { table, chainUrl, enigma, preload, dataDir } = surroundings
    this.name = kind.name
    this.operator = kind.operator
    this.dataDir = join(dataDir, kind.name)
    this.#table = table
    this.#surroundings = surroundings
    this.#init = { ...kind, chainUrl, enigma, preload, dataDir: this.dataDir, keyDir: join(dataDir, 'keys') }
  }

  get httpUrl(): string {
    return this.#runtime?.httpUrl ?? ''
  }

  get multiaddrs(): readonly string[] {
    return this.#runtime?.multiaddrs ?? []
  }

  get process(): ManagedProcess {
    return this.#table.get(this.name)
  }

  get pid(): number | undefined {
    return this.process.id?.pid
  }

  status(): Promise<NodeStatus> {
    return nodeStatus(this.httpUrl)
  }

  /**
   * Starts the process and waits until it listens for peers; with `early`, until it answers its operator. A standby waits for its
   * root, and is always early.
   */
  async start(
    signal: AbortSignal,
    { env, early = this.#init.standby ?? false }: { env?: Readonly<Record<string, string>>; early?: boolean } = {}
  ): Promise<void> {
    forgetRuntime(this.dataDir)
    await this.#choosePorts()
    const { seams } = this.#surroundings
    const { chainUrl, bootstrap } = this.#init
    const child = this.#table.start(
      nodeSpec({
        ...this.#init,
        chainUrl: seams?.chainUrl?.(this.name, chainUrl) ?? chainUrl,
        bootstrap: seams?.bootstrap?.(this.name, bootstrap) ?? bootstrap,
        lead: seams?.command?.(this.name),
        env: { ...this.#surroundings.env?.(this.name), ...env }
      })
    )
    this.#runtime = await nodeRuntime(child, this.dataDir, signal)
    if (!early) await this.listening(signal)
  }

  /** Waits until it listens for peers as well. */
  async listening(signal: AbortSignal): Promise<void> {
    this.#runtime = await nodeRuntime(this.process, this.dataDir, signal, ({ multiaddrs }) => multiaddrs.length > 0)
  }

  /** The same ports at every start, so that others find it again. */
  async #choosePorts(): Promise<void> {
    const { httpPort, p2pPort } = this.#init
    this.#init = {
      ...this.#init,
      httpPort: httpPort || (await lastingPort()),
      p2pPort: p2pPort || (await lastingPeerPort())
    }
  }

  /** A management call, as its operator makes it. @throws with the node's own words if it refuses */
  manage(action: string, body: object = {}): Promise<Record<string, unknown>> {
    return manageNode(this.httpUrl, this.dataDir, action, body)
  }

  ready(init: ReadyInit): Promise<void> {
    return nodeReady(this.process, this.httpUrl, init)
  }

  async restart(limitMs: number, stopGraceMs: number, { env, waitReady = true }: RestartOptions = {}): Promise<void> {
    await this.process.stop(stopGraceMs)
    const signal = AbortSignal.timeout(limitMs)
    await this.start(signal, { ...(env && { env }), ...(!waitReady && { early: true }) })
    if (waitReady) await this.ready({ limitMs, signal, peers: 1 })
  }
}

/** Worker i with the accounts of its operator and of its money. */
export class WorkerHandle extends NodeHandle implements DevnetWorker {
  readonly index: number
  readonly staking: DevAccount

  constructor(
    surroundings: NodeSurroundings,
    index: number,
    kind: Pick<NodeInit, 'httpPort' | 'p2pPort' | 'bootstrap'>
  ) {
    const staking = roles.staking(index)
    super(surroundings, {
      ...kind,
      role: 'worker',
      name: `worker${index}`,
      operator: roles.operator(index),
      staking: staking.address
    })
    this.index = index
    this.staking = staking
  }
}
