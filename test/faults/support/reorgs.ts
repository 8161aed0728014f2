import { setTimeout as sleep } from 'node:timers/promises'
import { callWorker, type EnigmaClient, type SecretContractAbi, type Task, type TaskProgress } from 'enigma-js'
import type { ScAddr } from '@enigma/protocol'
import { signedBy } from '../../e2e/support/signed.ts'
import type { FaultNet } from './fault-net.ts'

/** A task on a branch that is going to be taken back. */
export interface Doomed {
  readonly task: Task
  /** The epoch once its record was in. */
  readonly epoch: number
  /** What a watch that began with the record has told so far. */
  readonly told: TaskProgress[]
  /** Its receipt came before the reorganisation. */
  settled: boolean
  stopWatching(): void
}
type Watched = Pick<Doomed, 'task' | 'told' | 'stopWatching'>

const POOL_MS = 2_000
/** Blocks in which a receipt comes, or never. */
const MOST_BLOCKS = 25

/** Branches of a chain that mines by hand: one is made with tasks on it, and taken back. */
export class Reorgs {
  readonly #net: FaultNet
  readonly #client: EnigmaClient
  readonly #send: () => Promise<Task>
  #snapshot: unknown
  #base = 0

  constructor(net: FaultNet, client: EnigmaClient, scAddr: ScAddr, abi: SecretContractAbi, functionName: string) {
    this.#net = net
    this.#client = client
    this.#send = () => client.compute(scAddr, abi, functionName, [])
  }

  /** What comes from here on is taken back by `goBack`. */
  async branch(): Promise<void> {
    this.#snapshot = await this.#rpc('evm_snapshot')
    this.#base = await this.#net.devnet.blockNumber()
  }

  /** Blocks since the branch began. */
  async depth(): Promise<number> {
    return (await this.#net.devnet.blockNumber()) - this.#base
  }

  /** A block, and every node has it. */
  async mine(): Promise<void> {
    await this.#net.devnet.mine()
    await this.#net.eventually('every node at the head of the chain', async () => {
      const head = (await this.#rpc('eth_getBlockByNumber', ['latest', false])) as { hash: string }
      const { principal, workers } = this.#net.devnet
      const known = await Promise.all([principal, ...workers].map(headOf))
      return known.every(hash => hash === head.hash) ? true : undefined
    })
  }

  /** Sends a task and mines its record, in one block if it goes well. */
  async record(): Promise<Doomed> {
    let isSent = false
    const over = (): void => void (isSent = true)
    const sending = this.#send()
    sending.then(over, over)
    while (!isSent) {
      await this.#net.eventually('a record in the pool', async () =>
        isSent || (await this.#pending([this.#client.address!])) ? true : undefined
      )
      if (!isSent) await this.mine()
      await Promise.race([sending, sleep(3_000)])
    }
    const task = await sending
    return { ...this.watch(task), epoch: await this.#net.ledger.epoch(), settled: false }
  }

  watch(task: Task): Watched {
    const stop = new AbortController()
    const told: TaskProgress[] = []
    const follow = async (): Promise<void> => {
      for await (const step of this.#client.watchTask(task.taskId, { signal: stop.signal })) told.push(step)
    }
    follow().catch(() => undefined) // stopped, or its task went with the branch: `told` says how far it came
    return { task, told, stopWatching: () => stop.abort() }
  }

  /** Mines the receipt of a task, and waits until its watch has told `stage`. */
  async settle(doomed: Doomed, stage: TaskProgress['stage']): Promise<void> {
    const { ledger, devnet } = this.#net
    const { taskId } = doomed.task
    const operators = devnet.workers.map(({ operator }) => operator.address)
    const isSettled = async (): Promise<boolean> => (await ledger.endings(taskId)).length > 0
    for (let blocks = 0; !(await isSettled()); blocks++) {
      if (blocks > MOST_BLOCKS) throw new Error(`no receipt of ${taskId} within ${MOST_BLOCKS} blocks`)
      const until = performance.now() + POOL_MS
      while (performance.now() < until && !(await this.#pending(operators))) await sleep(50)
      await this.mine()
    }
    await this.told(doomed, stage, step => step.stage === stage)
    doomed.settled = true
  }

  /** Waits until the watch of a task has told such a step. */
  told({ task, told }: Watched, what: string, wanted: (step: TaskProgress) => boolean): Promise<TaskProgress> {
    const find = (): Promise<TaskProgress | undefined> => Promise.resolve(told.find(wanted))
    return this.#net.eventually(`${what} in the watch of ${task.taskId}`, find)
  }

  /** Those of the tasks whose result a worker gives out. */
  async released(doomed: readonly Doomed[]): Promise<Doomed[]> {
    const asked = await Promise.all(
      doomed.map(async one => {
        const { taskId } = one.task
        const ask = ({ httpUrl }: { httpUrl: string }) => callWorker(httpUrl, 'getTaskResult', { taskId })
        const answers = await Promise.all(this.#net.devnet.workers.map(ask))
        return answers.some(answer => answer !== null) ? [one] : []
      })
    )
    return asked.flat()
  }

  /** The user's transactions of this branch, as they were signed. */
  async signed(): Promise<string[]> {
    return signedBy(this.#net.ledger, this.#client.address!, this.#base + 1, await this.#net.devnet.blockNumber())
  }

  /** The branch is gone, and another one has two blocks, which every node knows; these transactions wait for its next one. */
  async goBack(again: readonly string[]): Promise<void> {
    await this.#rpc('evm_revert', [this.#snapshot])
    await this.#rpc('evm_increaseTime', [3])
    for (let i = 0; i < 2; i++) await this.mine()
    for (const raw of again) await this.#rpc('eth_sendRawTransaction', [raw])
  }

  async #pending(senders: readonly string[]): Promise<boolean> {
    const wanted = senders.map(sender => sender.toLowerCase())
    const block = (await this.#rpc('eth_getBlockByNumber', ['pending', true])) as { transactions: { from: string }[] }
    return block.transactions.some(({ from }) => wanted.includes(from.toLowerCase()))
  }

  #rpc(method: string, params: unknown[] = []): Promise<unknown> {
    return this.#net.ledger.provider.send(method, params)
  }
}

async function headOf(node: { status(): Promise<unknown> }): Promise<string> {
  return ((await node.status()) as { head: { hash: string } }).head.hash
}
