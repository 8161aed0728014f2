import { setTimeout as sleep } from 'node:timers/promises'
import type { ScAddr, TaskId } from '@enigma/protocol'
import type { DevAccount } from '@enigma/devnet'
import { memoryStorage, type EnigmaClient, type Task } from 'enigma-js'
import { connectAs } from '../../e2e/support/actors.ts'
import { must } from '../row.ts'
import { counterContract } from '../../e2e/support/counter.ts'
import type { FaultNet } from './fault-net.ts'

export interface LoadOptions {
  /** Pause between the end of a task and the next one. */
  readonly pauseMs?: number
  /** JSON-RPC addresses instead of those of all workers. */
  readonly rpc?: readonly string[]
  readonly chainUrl?: string
}

/** A task that is under way when its row fails has its end by then. */
const END_MS = 30_000

/** A client. Other rows may have the only worker that it is told of down: then it waits for that worker to be back. */
function connected(net: FaultNet, account: DevAccount, options: LoadOptions): Promise<EnigmaClient> {
  return net.eventually('a worker that answers', () =>
    connectAs(net.devnet, account, { ...options, storage: memoryStorage() })
  )
}

/** Deploys a counter. Other rows may have all its workers down: then its fee comes back, and it is deployed again. */
async function deployed(net: FaultNet, client: EnigmaClient): Promise<ScAddr> {
  return net.eventually('a counter on the network', async () => {
    const task = await client.deploy(await counterContract(), [])
    return task.result()
  })
}

/** What became of all tasks of a load. */
export interface Account {
  readonly recorded: number
  readonly verified: number
  readonly refunded: number
  /** Answers that never came to be recorded: nothing was paid for them. */
  readonly refused: number
}

/**
 * A user who counts: each task adds one to a counter of its own contract and gets the new number. So a task that had an effect
 * twice, or none, or whose effect was forgotten, is seen in the numbers.
 */
export class CountingLoad {
  readonly scAddr: ScAddr
  readonly client: EnigmaClient
  readonly #net: FaultNet
  readonly #account: DevAccount
  readonly #tasks: Task<unknown>[] = []
  /** That came by themselves: a client keeps the keys of its last hundred tasks. */
  readonly #answers = new Map<TaskId, unknown>()
  readonly #options: LoadOptions
  /** Accounts are used by one row after the other: what is older is not of this load. */
  readonly fromBlock: number
  #refused = 0
  #stopped = true
  #running: Promise<void> = Promise.resolve()
  readonly refusals: string[] = []

  private constructor(
    net: FaultNet,
    account: DevAccount,
    client: EnigmaClient,
    scAddr: ScAddr,
    fromBlock: number,
    options: LoadOptions
  ) {
    this.#net = net
    this.#account = account
    this.client = client
    this.scAddr = scAddr
    this.#options = options
    this.fromBlock = fromBlock
  }

  /** Deploys the counter; tasks begin with `start`. */
  static async prepare(net: FaultNet, options: LoadOptions = {}): Promise<CountingLoad> {
    const account = await net.borrowUser()
    net.atEnd(() => net.returnUser(account))
    const client = await connected(net, account, options)
    net.atEnd(() => client.close())
    const fromBlock = (await net.devnet.blockNumber()) + 1
    const scAddr = await deployed(net, client)
    const load = new CountingLoad(net, account, client, scAddr, fromBlock, options)
    net.atEnd(() => Promise.race([load.stop(), sleep(END_MS)]))
    return load
  }

  start(): this {
    this.#stopped = false
    this.#running = this.#run()
    return this
  }

  /** It goes on by itself. */
  get running(): boolean {
    return !this.#stopped
  }

  get recorded(): number {
    return this.#tasks.length
  }

  /** Sends one task and gives its handle once it is recorded. @throws what the client throws if nothing was recorded. */
  async count(): Promise<Task<unknown>> {
    const { abi } = await counterContract()
    const task = await this.client.compute(this.scAddr, abi, 'next', [])
    this.#tasks.push(task)
    return task
  }

  /** Asks again while nobody takes the input: an epoch may end on the way, or all seats be down. Nothing is paid for those. */
  countUntilTaken(): Promise<Task<unknown>> {
    return this.#net.eventually('somebody who takes an input', () =>
      this.count().catch((error: unknown) => {
        this.#refused += 1
        throw error
      })
    )
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const task = await this.count()
        // What failed is looked at when accounts are drawn up.
        await task.result().then(
          answer => void this.#answers.set(task.taskId, answer),
          () => undefined
        )
      } catch (error) {
        this.#refused += 1
        this.refusals.push(String((error as { code?: string }).code ?? error))
      }
      await sleep(this.#options.pauseMs ?? 200)
    }
  }

  /** No more tasks; waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /**
   * Accounts for every task that the chain has of this user: each ended once, and the numbers of those that were verified are the
   * numbers from 1 on, each once.
   *
   * @throws with what does not add up.
   */
  async accounts(): Promise<Account> {
    await this.stop()
    const { ledger } = this.#net
    const recorded = await ledger.tasksOf(this.#account.address, this.fromBlock)
    const deployment = recorded.indexOf(this.scAddr as string as TaskId) // those before it were refunded
    const numbers: number[] = []
    let refunded = 0
    const counted = recorded.slice(deployment + 1)
    for (const taskId of counted) {
      const endings = await this.#net.eventually(`an end of task ${taskId}`, async () => {
        const found = await ledger.endings(taskId)
        return found.length > 0 ? found : undefined
      })
      must(endings.length === 1, `task ${taskId} ended ${endings.length} times: ${endings.join(', ')}`)
      if (endings[0] === 'TaskFeeReturned') {
        refunded += 1
        continue
      }
      const { settlement } = await this.client.getTask(taskId)
      must(settlement?.outcome === 'verified', `task ${taskId} ended as ${String(settlement?.outcome)}`)
      numbers.push(Number(await this.#answer(taskId)))
    }
    numbers.sort((a, b) => a - b)
    must(
      numbers.every((number, i) => number === i + 1),
      `${numbers.length} verified tasks counted to ${numbers.join(' ')}`
    )
    return { recorded: counted.length, verified: numbers.length, refunded, refused: this.#refused }
  }

  /** What it recorded on chain since a block. */
  tasksSince(block: number): Promise<TaskId[]> {
    return this.#net.ledger.tasksOf(this.#account.address, block)
  }

  /** Tasks whose answer a worker should have; of those recorded since a block, if one is given. */
  async verified(since = this.fromBlock): Promise<TaskId[]> {
    const found: TaskId[] = []
    for (const taskId of await this.tasksSince(since)) {
      if ((await this.#net.ledger.endings(taskId)).includes('ReceiptVerified')) found.push(taskId)
    }
    return found
  }

  /** The answer to a verified task, asked for again until a worker has it. */
  async #answer(taskId: TaskId): Promise<unknown> {
    if (this.#answers.has(taskId)) return this.#answers.get(taskId)
    return this.#net.eventually(`the answer to task ${taskId}`, async () => {
      const task = await this.client.task(taskId)
      return task.result()
    })
  }

  close(): void {
    this.client.close()
  }
}
