import { setTimeout as sleep } from 'node:timers/promises'
import type { DevnetWorker } from '@enigma/devnet'
import { Transaction } from 'ethers'
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
/** How a receipt that was taken back without its record comes to the other chain. */
export const RETURNS = ['by another seat', 'in its place', 'sent again by its worker'] as const
export type Return = (typeof RETURNS)[number]

/** A receipt in a block. */
export interface Placed {
  readonly block: number
  readonly hash: string // of its transaction
  readonly raw: string // the transaction, as it was signed
  readonly worker: DevnetWorker
}
type Watched = Pick<Doomed, 'task' | 'told' | 'stopWatching'>

const POOL_MS = 2_000
/** Blocks in which a receipt comes, or never. */
const MOST_BLOCKS = 25
const RECEIPT_MS = 30_000

/** Branches of a chain that mines by hand: one is made with tasks on it, and taken back. */
export class Reorgs {
  readonly #net: FaultNet
  readonly #client: EnigmaClient
  readonly #send: () => Promise<Task>
  #snapshot: unknown
  #base = 0
  /** A worker that sees no block for a while. */
  #asleep: DevnetWorker | null = null

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
      const awake = [principal, ...workers].filter(node => node !== this.#asleep)
      const known = await Promise.all(awake.map(headOf))
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
    const watched = this.watch(await sending)
    await this.told(watched, 'the record', ({ stage }) => stage === 'recorded') // only what was told can be taken back
    return { ...watched, epoch: await this.#net.ledger.epoch(), settled: false }
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

  /** Waits until the receipt of a task that was just recorded waits for a block. */
  async receiptInPool(): Promise<void> {
    const operators = this.#net.devnet.workers.map(({ operator }) => operator.address)
    const ask = async (): Promise<true | undefined> => ((await this.#pending(operators)) ? true : undefined)
    await this.#net.eventually('a receipt in the pool', ask, RECEIPT_MS)
  }

  /** The receipt of a verified task, where it stands. */
  async placeOf(taskId: string): Promise<Placed> {
    const { enigma, provider } = this.#net.ledger
    const [log] = await enigma.queryFilter(enigma.getEvent('ReceiptVerified')(taskId), 0)
    if (log === undefined) throw new Error(`the chain has no receipt of ${taskId}`)
    const transaction = (await provider.getTransaction(log.transactionHash))!
    const isSender = ({ operator }: DevnetWorker): boolean => operator.address.toLowerCase() === transaction.from.toLowerCase() // prettier-ignore
    const worker = this.#net.devnet.workers.find(isSender)!
    const { serialized: raw } = Transaction.from(transaction)
    return { block: log.blockNumber, hash: log.transactionHash, raw, worker }
  }

  /** The branch is gone, and another one has two blocks, which every node knows; these transactions wait for its next one. */
  async goBack(again: readonly string[]): Promise<void> {
    await this.#revert()
    await this.#begin(again)
  }

  /** The same, while the record of one task stays, and its receipt comes again. */
  async goBackTo(again: readonly string[], taskId: string, { hash, raw, worker }: Placed, how: Return): Promise<void> {
    const { devnet } = this.#net
    if (how === 'by another seat') await this.#putToSleep(worker)
    await this.#revert()
    // A chain in memory gives its pool back as it was, with the receipt in it.
    await this.#rpc('hardhat_dropTransaction', [hash])
    if (how === 'in its place') await this.#rpc('eth_sendRawTransaction', [raw])
    await this.#begin(again)
    if (this.#asleep === null) return
    try {
      const isSettled = async (): Promise<boolean> => (await this.#net.ledger.endings(taskId)).length > 0
      for (let blocks = 0; !(await isSettled()); blocks++) {
        if (blocks > MOST_BLOCKS) throw new Error(`no other seat settled ${taskId} within ${MOST_BLOCKS} blocks`)
        await this.mine()
        await sleep(100)
      }
    } finally {
      this.#asleep = null
      await devnet.kill(worker.name, 'SIGCONT')
    }
    await this.mine()
  }

  async #putToSleep(worker: DevnetWorker): Promise<void> {
    this.#asleep = worker
    await this.#net.devnet.kill(worker.name, 'SIGSTOP')
  }

  async #revert(): Promise<void> {
    await this.#rpc('evm_revert', [this.#snapshot])
    await this.#rpc('evm_increaseTime', [3])
  }

  async #begin(again: readonly string[]): Promise<void> {
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
