import { Transaction } from 'ethers'
import {
  WINDOW_BLOCKS,
  ZERO_HASH,
  deadlineOf,
  typedDigest,
  type Address,
  type Hash,
  type Receipt,
  type TaskId
} from '@enigma/protocol'
import { enigmaInterface } from '../../src/chain/enigma-abi.ts'
import { toQuantity } from '../../src/chain/quantities.ts'
import { ChainRpcError, type ChainRpc } from '../../src/chain/rpc.ts'
import type { MemoryChain } from '../memory-chain.ts'

interface Sent {
  readonly hash: Hash
  readonly from: Address
  readonly nonce: number
  readonly receipt: Receipt
  readonly seat: number
}
interface Mined extends Sent {
  readonly block: number
  readonly ok: boolean
}

/** A chain in memory with a node's pool: blocks come when a test says so, and take receipts as the contract does (R7). */
export class PoolChain implements ChainRpc {
  readonly chain: MemoryChain
  /** Transactions that wait for a block. */
  #pool: Sent[] = []
  #mined: Mined[] = []
  /** Every transaction that was sent, as often as it was. */
  readonly sent: Hash[] = []
  /** The pool forgets what it is given. */
  isDeaf = false

  constructor(chain: MemoryChain) {
    this.chain = chain
  }

  send(method: string, params: readonly unknown[]): Promise<unknown> {
    const [first] = params as [never]
    switch (method) {
      case 'eth_getTransactionCount':
        return Promise.resolve(toQuantity(this.#mined.filter(({ from }) => from === first).length))
      case 'eth_getBlockByNumber':
        return Promise.resolve({ baseFeePerGas: '0x1' })
      case 'eth_call':
        return this.#call(first)
      case 'eth_sendRawTransaction':
        return this.#take(first)
      case 'eth_getTransactionReceipt': {
        const found = this.#mined.find(({ hash }) => hash === first)
        return Promise.resolve(found ? { blockNumber: toQuantity(found.block), status: found.ok ? '0x1' : '0x0', logs: [] } : null) // prettier-ignore
      }
      default:
        throw new Error(`${method} is not known here`)
    }
  }

  get pending(): readonly Hash[] {
    return this.#pool.map(({ hash }) => hash)
  }
  /** The transactions in blocks, and whether they did anything. */
  get mined(): readonly Pick<Mined, 'from' | 'block' | 'ok'>[] {
    return this.#mined.map(({ from, block, ok }) => ({ from, block, ok }))
  }

  /** A block with the first transaction of the pool whose turn it is; empty if there is none, or none is wanted. */
  mine({ empty = false } = {}): void {
    const next = empty ? -1 : this.#pool.findIndex(one => one.nonce === this.#mined.filter(({ from }) => from === one.from).length) // prettier-ignore
    if (next === -1) return void this.chain.mine()
    const [sent] = this.#pool.splice(next, 1) as [Sent]
    const { from, receipt } = sent
    const block = this.chain.head().number + 1
    const ok = this.#refusal(sent, block) === null
    this.#mined.push({ ...sent, block, ok })
    if (!ok) return void this.chain.mine()
    const { deltaHash, outputHash, gasUsed } = receipt
    this.chain.include(receipt.taskId, { digest: this.digestOf(receipt), operator: from, deltaHash, outputHash, gasUsed }) // prettier-ignore
  }

  /** A reorganisation: the blocks above this one are gone; their transactions wait again, or the pool has lost them too. */
  goBack(to: number, transactions: 'kept' | 'lost'): void {
    const gone = this.#mined.filter(({ block }) => block > to)
    this.#mined = this.#mined.filter(({ block }) => block <= to)
    this.#pool = transactions === 'kept' ? [...gone, ...this.#pool] : []
    this.chain.rollback(to)
  }

  digestOf(receipt: Receipt): Hash {
    return typedDigest(this.chain.facts, 'Receipt', receipt)
  }

  #take(raw: string): Promise<string> {
    const { hash, from, nonce, data } = Transaction.from(raw)
    this.sent.push(hash as Hash)
    const known = [...this.#pool, ...this.#mined].some(one => one.hash === hash)
    if (!known && !this.isDeaf) {
      this.#pool.push({ hash: hash as Hash, from: from!.toLowerCase() as Address, nonce, ...commitOf(data) })
    }
    return Promise.resolve(hash!)
  }

  #call({ data }: { data: string }): Promise<string> {
    const refusal = this.#refusal(commitOf(data), this.chain.head().number + 1)
    if (refusal === null) return Promise.resolve('0x')
    return Promise.reject(new ChainRpcError('eth_call', 3, `execution reverted: ${refusal}`, null))
  }

  /** What the contract has against a receipt in this block. */
  #refusal({ receipt, seat }: Pick<Sent, 'receipt' | 'seat'>, block: number): string | null {
    const task = this.chain.task(receipt.taskId)
    if (!task || task.settlement) return 'EnigmaTaskNotOpen'
    const { recordBlock, recordTime, scAddr } = task
    if (receipt.recordBlock !== recordBlock || receipt.recordTime !== recordTime) return 'EnigmaReceiptMismatch'
    const isOpen = block > recordBlock + seat * WINDOW_BLOCKS && block <= deadlineOf(recordBlock)
    if (!isOpen) return 'EnigmaOutsideWindow'
    return receipt.prevHead === (this.chain.contract(scAddr)?.headHash ?? ZERO_HASH) ? null : 'EnigmaStaleHead'
  }
}

function commitOf(data: string): Pick<Sent, 'receipt' | 'seat'> {
  const call = enigmaInterface.parseTransaction({ data })!
  if (call.name !== 'commitReceipt') throw new Error(`${call.name} is not known here`)
  const fields = (call.args[0] as { toObject(): Record<string, never> }).toObject()
  const receipt = { ...fields, kind: Number(fields['kind']), recordBlock: Number(fields['recordBlock']), recordTime: Number(fields['recordTime']) } // prettier-ignore
  return { receipt: receipt as unknown as Receipt, seat: Number(call.args[2]) }
}

/** Whose receipt the chain has of a task. */
export const settledBy = (chain: MemoryChain, taskId: TaskId): Address | null =>
  chain.task(taskId)?.settlement?.operator ?? null
