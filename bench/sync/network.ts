import {
  ProcessTable,
  chainUrl,
  devAccount,
  nodeRuntime,
  nodeSpec,
  nodeStatus,
  waitFor,
  type ManagedProcess,
  type NodeStatus
} from '@enigma/devnet'
import { LevelContentStore, openDatabase, quiet } from '@enigma/worker/testing'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChainCalls } from './chain-calls.ts'
import { planOf, type Content, type Plan, type Sizes } from './contents.ts'
import { BLOCK_SECONDS, blocksFor, userAddress, writeHistory, type History } from './history.ts'

export interface NetworkInit extends Sizes {
  readonly tasksPerBlock: number
  readonly providers: number
  readonly say: (text: string) => void
}

/** A worker process of which somebody looks at `/status`. */
export interface RunningWorker {
  readonly process: ManagedProcess
  readonly pid: number
  readonly dataDir: string
  /** Empty until it listens. */
  httpUrl: string
  readonly multiaddrs: readonly string[]
}

export const stepOf = (status: NodeStatus, name: string) => status.steps.find(step => step.name === name)!
const START_MS = 120_000
const BATCH = 500

/** A chain with a past, and workers that hold everything it names: real processes, as a devnet starts them. */
export class Network {
  readonly plan: Plan
  readonly chainUrl: string
  readonly #table: ProcessTable
  readonly #folder: string
  readonly #history: History
  #providers: readonly RunningWorker[] = []
  #workers = 0

  private constructor(plan: Plan, url: string, table: ProcessTable, folder: string, history: History) {
    this.plan = plan
    this.chainUrl = url
    this.#table = table
    this.#folder = folder
    this.#history = history
  }

  static async start(init: NetworkInit): Promise<Network> {
    const { tasksPerBlock, providers, say } = init
    const folder = mkdtempSync(join(tmpdir(), 'enigma-bench-'))
    const table = new ProcessTable({ logDir: join(folder, 'logs') })
    try {
      const plan = planOf(init, userAddress())
      say(`writing ${plan.tasks.length} tasks onto a chain ...`)
      const url = await chainUrl(table.start(chainSpec()), AbortSignal.timeout(START_MS))
      const since = Math.floor(Date.now() / 1000) - BLOCK_SECONDS * blocksFor(plan.tasks.length, tasksPerBlock)
      const history = await writeHistory({ url, tasks: plan.tasks, tasksPerBlock, since })
      const network = new Network(plan, url, table, folder, history)
      say(`starting ${providers} workers that hold their contents ...`)
      await network.#provide(providers)
      return network
    } catch (error) {
      await table.stopAll(START_MS)
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  get blocks(): number {
    return this.#history.blocks
  }
  get bootstrap(): readonly string[] {
    return this.#providers.flatMap(({ multiaddrs }) => multiaddrs)
  }

  /** A worker of an operator whom nobody knows yet. */
  startWorker(url = this.chainUrl): RunningWorker {
    const number = ++this.#workers
    const name = `worker${number}`
    const dataDir = join(this.#folder, name)
    const { enigma } = this.#history
    const keyDir = join(this.#folder, 'keys')
    const operator = devAccount(OPERATORS[number - 1]!)
    const process = this.#table.start(
      nodeSpec({
        role: 'worker',
        name,
        chainUrl: url,
        enigma,
        dataDir,
        keyDir,
        httpPort: 0,
        p2pPort: 0,
        bootstrap: this.bootstrap,
        operator
      })
    )
    return { process, pid: process.id!.pid, dataDir, httpUrl: '', multiaddrs: [] }
  }

  async stop(): Promise<void> {
    await this.#table.stopAll(START_MS)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Their disks are filled before they start; they register like any worker. */
  async #provide(count: number): Promise<void> {
    const first = join(this.#folder, 'worker1')
    await withStore(first, async store => {
      let batch: Content[] = []
      for (const content of this.plan.contents()) {
        if (batch.push(content) < BATCH) continue
        await store.putChosen(batch)
        batch = []
      }
      await store.putChosen(batch)
    })
    for (let i = 2; i <= count; i++) cpSync(first, join(this.#folder, `worker${i}`), { recursive: true })
    const chain = new ChainCalls(this.chainUrl)
    await chain.call('evm_setIntervalMining', 1_000)
    chain.close()
    const started = Array.from({ length: count }, () => this.startWorker())
    this.#providers = await Promise.all(
      started.map(async worker => {
        const signal = AbortSignal.timeout(START_MS)
        const enough = (multiaddrs: readonly string[]): boolean => multiaddrs.length > 0
        const runtime = await nodeRuntime(worker.process, worker.dataDir, signal, one => enough(one.multiaddrs))
        await waitFor(
          async () => {
            worker.process.assertRunning()
            const status = await nodeStatus(runtime.httpUrl)
            return ['sync', 'register'].every(name => stepOf(status, name).state === 'done')
          },
          { what: `${worker.process.name} to have its contents and to be registered`, limitMs: START_MS, signal }
        )
        return { ...worker, ...runtime }
      })
    )
  }
}

/** Accounts of operators, none of which has another use. */
const OPERATORS: readonly number[] = [
  ...Array.from({ length: 9 }, (_, i) => i + 1),
  ...Array.from({ length: 20 }, (_, i) => i + 20)
]
export const MAX_WORKERS = OPERATORS.length

export async function withStore<T>(dataDir: string, work: (store: LevelContentStore) => Promise<T>): Promise<T> {
  const db = await openDatabase(join(dataDir, 'db'))
  try {
    return await work(await LevelContentStore.open(db, quiet))
  } finally {
    await db.close()
  }
}

function chainSpec() {
  const root = join(import.meta.dirname, '../..')
  const cli = join(root, 'node_modules/hardhat/dist/src/cli.js')
  const config = join(import.meta.dirname, 'hardhat.config.ts')
  return {
    name: 'chain',
    command: process.execPath,
    args: [cli, '--config', config, 'node', '--hostname', '127.0.0.1', '--port', '0', '--chain-id', '31337'],
    cwd: root,
    env: { HARDHAT_DISABLE_TELEMETRY: 'true', NO_COLOR: '1' }
  }
}
