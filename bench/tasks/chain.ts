import { Interface } from 'ethers'
import type { Devnet } from '@enigma/devnet'
import { enigmaAbi, type Hash, type TaskId } from '@enigma/protocol'

/** One JSON-RPC call to the chain's node. */
export async function chainCall(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(30_000)
  })
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } }
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}

/** What became of a task, with the times at which the node told of it. */
export interface TaskTimes {
  readonly taskId: TaskId
  readonly recordBlock: number
  readonly recordedAtMs: number // the record's block was announced
  readonly pooledAtMs: number // the transaction that settled it was announced as pending
  readonly settledBlock: number
  readonly settledAtMs: number
  readonly transaction: Hash
}
export interface CommitCost {
  readonly gasUsed: number
  readonly tasks: number
}
export interface Observed {
  readonly tasks: readonly TaskTimes[]
  readonly recorded: number
  readonly skipped: number
  readonly commits: readonly CommitCost[]
}

const enigma = new Interface(enigmaAbi as unknown as ConstructorParameters<typeof Interface>[0])
const topic = (name: string): string => enigma.getEvent(name)!.topicHash
const RECORDED = topic('TaskRecordCreated')
const SETTLED = [topic('ReceiptVerified'), topic('ReceiptFailed'), topic('ReceiptFailedETH')]
const SKIPPED = topic('ReceiptSkipped')

/** The block in which an epoch began. */
export async function epochStart({ chainUrl, enigma: to }: Devnet, epoch: number): Promise<number> {
  const data = enigma.encodeFunctionData('epochInfo', [epoch])
  const answer = await chainCall(chainUrl, 'eth_call', [{ to, data }, 'latest'])
  return Number(enigma.decodeFunctionResult('epochInfo', String(answer))['startBlock'])
}

interface Log {
  readonly topics: readonly string[]
  readonly blockNumber: string
  readonly transactionHash: Hash
}

/** Notes when the node announces blocks and pending transactions, over a WebSocket of its own. */
export class ChainWatch {
  readonly #devnet: Devnet
  readonly #socket: WebSocket
  readonly #blocks = new Map<number, number>()
  readonly #pending = new Map<string, number>()
  readonly #subscriptions = new Map<string, 'newHeads' | 'newPendingTransactions'>()

  private constructor(devnet: Devnet, socket: WebSocket) {
    this.#devnet = devnet
    this.#socket = socket
  }

  static async open(devnet: Devnet): Promise<ChainWatch> {
    const socket = new WebSocket(devnet.chainUrl.replace(/^http/, 'ws'))
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve)
      socket.addEventListener('error', () => reject(new Error('no WebSocket to the chain')))
    })
    const watch = new ChainWatch(devnet, socket)
    socket.addEventListener('message', ({ data }) => watch.#hear(String(data)))
    for (const [id, name] of ['newHeads', 'newPendingTransactions'].entries()) {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_subscribe', params: [name] }))
    }
    return watch
  }

  #hear(text: string): void {
    const now = performance.now()
    const message = JSON.parse(text) as {
      id?: number
      result?: string
      params?: { subscription: string; result: string | { number: string } }
    }
    if (message.id !== undefined && message.result !== undefined) {
      this.#subscriptions.set(message.result, message.id === 0 ? 'newHeads' : 'newPendingTransactions')
      return
    }
    const { subscription, result } = message.params ?? { subscription: '', result: '' }
    if (typeof result === 'string') {
      if (!this.#pending.has(result)) this.#pending.set(result, now)
    } else if (this.#subscriptions.get(subscription) === 'newHeads') this.#blocks.set(Number(result.number), now)
  }

  /** Everything about the tasks recorded from a block on. */
  async collect(fromBlock: number): Promise<Observed> {
    const logs = (await chainCall(this.#devnet.chainUrl, 'eth_getLogs', [
      { address: this.#devnet.enigma, fromBlock: `0x${fromBlock.toString(16)}`, toBlock: 'latest' }
    ])) as Log[]
    const records = new Map<string, number>()
    const tasks: TaskTimes[] = []
    const perCommit = new Map<Hash, number>()
    let skipped = 0
    for (const { topics, blockNumber, transactionHash } of logs) {
      const [name, taskId] = topics
      const block = Number(blockNumber)
      if (name === RECORDED) records.set(taskId!, block)
      if (name === SKIPPED) skipped += 1
      const recordBlock = records.get(taskId ?? '')
      if (recordBlock === undefined || !SETTLED.includes(name!)) continue
      perCommit.set(transactionHash, (perCommit.get(transactionHash) ?? 0) + 1)
      tasks.push({
        taskId: taskId as TaskId,
        recordBlock,
        recordedAtMs: this.#blocks.get(recordBlock) ?? NaN,
        pooledAtMs: this.#pending.get(transactionHash) ?? NaN,
        settledBlock: block,
        settledAtMs: this.#blocks.get(block) ?? NaN,
        transaction: transactionHash
      })
    }
    const commits: CommitCost[] = []
    for (const [hash, count] of perCommit) {
      const receipt = (await chainCall(this.#devnet.chainUrl, 'eth_getTransactionReceipt', [hash])) as {
        gasUsed: string
      }
      commits.push({ gasUsed: Number(receipt.gasUsed), tasks: count })
    }
    return { tasks, recorded: records.size, skipped, commits }
  }

  close(): void {
    this.#socket.close()
  }
}
