import { Wallet } from 'ethers'
import { address, asError, fromHex, keccak256, type Address, type Hash, type Hex } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { WorkerError } from '../errors.ts'
import { revertNameOf } from './enigma-abi.ts'
import { fromQuantity, numberOf } from './quantities.ts'
import { ChainRpcError, type ChainRpc } from './rpc.ts'
import type { StoredTx, TxStore } from './tx-store.ts'

export interface TxRequest {
  /** One transaction per id: asking again for an id that is under way waits for the same transaction. */
  readonly id: string
  readonly to: Address
  readonly data: Hex
  /** Give up waiting above this block; the transaction itself stays in the queue, and may still be included. */
  readonly deadlineBlock?: number
  /** Called once the signed transaction is on disk, before it is sent. */
  readonly onSigned?: () => void
}

export interface TxOutcome {
  readonly hash: Hash
  readonly block: number
  readonly ok: boolean // false: included, but reverted
}

export interface TxSenderParts {
  readonly rpc: ChainRpc
  readonly store: TxStore
  readonly privateKey: string
  readonly chainId: bigint
  readonly confirmations: number
  readonly log: Logger
}

interface Waiting {
  readonly deadlineBlock: number
  resolve(outcome: TxOutcome): void
  reject(error: Error): void
}

const GAS_MARGIN_PERCENT = 130n
const GAS_MARGIN = 30_000n
const TIP_WEI = 1_000_000_000n
/** Heads without inclusion after which the fee is raised. */
const PATIENCE_HEADS = 12
const FEE_STEP_PERCENT = 130n

/**
 * Sends the transactions of one key: one queue of nonces without gaps, each transaction signed once and on disk before
 * it is sent, and sent again at every head until it is included. Gas is estimated on `pending`: on `latest` a seat's
 * window would not be open yet.
 */
export class TxSender {
  readonly address: Address
  readonly #parts: TxSenderParts
  readonly #wallet: Wallet
  readonly #pending = new Map<number, StoredTx>()
  readonly #included = new Map<number, TxOutcome>()
  readonly #waiting = new Map<string, Waiting[]>()
  readonly #age = new Map<number, number>()
  #nextNonce = 0
  #queue: Promise<unknown> = Promise.resolve()
  #checking = false

  constructor(parts: TxSenderParts) {
    this.#parts = parts
    this.#wallet = new Wallet(parts.privateKey)
    this.address = address(this.#wallet.address)
  }

  /** Takes up what an earlier run of this process left. */
  async start(): Promise<void> {
    for (const tx of await this.#parts.store.all()) this.#pending.set(tx.nonce, tx)
    const onChain = await this.#transactionCount('latest')
    this.#nextNonce = Math.max(onChain, ...[...this.#pending.keys()].map(nonce => nonce + 1))
    if (this.#pending.size > 0) this.#parts.log.info('transactions are taken up again', { count: this.#pending.size })
    for (const tx of [...this.#pending.values()].sort((a, b) => a.nonce - b.nonce)) await this.#broadcast(tx)
  }

  get pendingCount(): number {
    return this.#pending.size - this.#included.size
  }
  /** True while a transaction of this id is signed and not settled. */
  has(id: string): boolean {
    return [...this.#pending.values()].some(tx => tx.id === id)
  }

  /**
   * Signs, stores and sends; resolves when the transaction is included.
   *
   * @throws TX_REVERTED with the contract's error if it would fail now (nothing is signed then); TX_DEADLINE.
   */
  async send(request: TxRequest): Promise<TxOutcome> {
    const signed = this.#queue.then(() => this.#sign(request))
    this.#queue = signed.catch(() => undefined)
    const tx = await signed
    const done = this.#included.get(tx.nonce)
    if (done) return done
    return new Promise((resolve, reject) => {
      const list = this.#waiting.get(tx.id) ?? []
      list.push({ deadlineBlock: request.deadlineBlock ?? Number.MAX_SAFE_INTEGER, resolve, reject })
      this.#waiting.set(tx.id, list)
    })
  }

  /** Looks after the queue: call at every head. */
  async onHead(head: number): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    try {
      for (const tx of [...this.#pending.values()].sort((a, b) => a.nonce - b.nonce)) await this.#check(tx, head)
      this.#expire(head)
    } catch (error) {
      this.#parts.log.warn('transactions could not be looked after', { error: asError(error).message })
    } finally {
      this.#checking = false
    }
  }

  async #sign(request: TxRequest): Promise<StoredTx> {
    const known = [...this.#pending.values()].find(
      tx => tx.id === request.id && this.#included.get(tx.nonce)?.ok !== false // one that reverted may be tried anew
    )
    if (known) return known
    const { id, to, data } = request
    const gasLimit = await this.#estimate(to, data)
    const { maxFeePerGas, tip } = await this.#fees()
    const tx = await this.#signed({
      id,
      to,
      data,
      gasLimit,
      maxFeePerGas,
      tip,
      nonce: this.#nextNonce,
      formerHashes: []
    })
    await this.#parts.store.put(tx)
    this.#nextNonce += 1
    this.#pending.set(tx.nonce, tx)
    request.onSigned?.()
    await this.#broadcast(tx)
    return tx
  }

  async #signed(
    tx: Omit<StoredTx, 'raw' | 'hash' | 'gasLimit' | 'maxFeePerGas' | 'tip'> & {
      gasLimit: bigint
      maxFeePerGas: bigint
      tip: bigint
    }
  ): Promise<StoredTx> {
    const { to, data, nonce, gasLimit, maxFeePerGas, tip } = tx
    const { chainId } = this.#parts
    const raw = (await this.#wallet.signTransaction({
      type: 2,
      chainId,
      nonce,
      to,
      data,
      gasLimit,
      maxFeePerGas,
      maxPriorityFeePerGas: tip
    })) as Hex
    return {
      ...tx,
      gasLimit: gasLimit.toString(),
      maxFeePerGas: maxFeePerGas.toString(),
      tip: tip.toString(),
      raw,
      hash: keccak256(fromHex(raw))
    }
  }

  async #estimate(to: Address, data: Hex): Promise<bigint> {
    try {
      const call = { from: this.address, to, data }
      const gas = fromQuantity(await this.#parts.rpc.send('eth_estimateGas', [call, 'pending']))
      return (gas * GAS_MARGIN_PERCENT) / 100n + GAS_MARGIN
    } catch (error) {
      const name = revertNameOf(error)
      if (name === null) throw error
      throw new WorkerError({ code: 'TX_REVERTED', error: name }, `The transaction would fail: ${name}.`, {
        cause: error
      })
    }
  }

  async #fees(): Promise<{ maxFeePerGas: bigint; tip: bigint }> {
    const block = (await this.#parts.rpc.send('eth_getBlockByNumber', ['latest', false])) as Record<string, unknown>
    const base = block['baseFeePerGas'] === undefined ? 0n : fromQuantity(block['baseFeePerGas'])
    return { maxFeePerGas: 2n * base + TIP_WEI, tip: TIP_WEI }
  }

  async #transactionCount(tag: string): Promise<number> {
    return numberOf(await this.#parts.rpc.send('eth_getTransactionCount', [this.address, tag]))
  }

  /** The node may refuse what it already has; whether a transaction counts is only seen by its inclusion. */
  async #broadcast(tx: StoredTx): Promise<void> {
    try {
      await this.#parts.rpc.send('eth_sendRawTransaction', [tx.raw])
    } catch (error) {
      const expected = error instanceof ChainRpcError && /known|nonce|already/i.test(error.message)
      this.#parts.log[expected ? 'debug' : 'warn']('a transaction was not taken', {
        id: tx.id,
        error: asError(error).message
      })
    }
  }

  async #inclusionOf(tx: StoredTx): Promise<TxOutcome | null> {
    for (const hash of [tx.hash, ...tx.formerHashes]) {
      const receipt = (await this.#parts.rpc.send('eth_getTransactionReceipt', [hash])) as Record<
        string,
        unknown
      > | null
      if (receipt) return { hash, block: numberOf(receipt['blockNumber']), ok: fromQuantity(receipt['status']) === 1n }
    }
    return null
  }

  async #check(tx: StoredTx, head: number): Promise<void> {
    const found = await this.#inclusionOf(tx)
    if (found) {
      this.#included.set(tx.nonce, found)
      this.#tell(tx.id, waiter => waiter.resolve(found))
      if (head - found.block + 1 >= this.#parts.confirmations) await this.#forget(tx)
      return
    }
    this.#included.delete(tx.nonce) // a reorg took it out again
    if ((await this.#transactionCount('latest')) > tx.nonce && !(await this.#inclusionOf(tx))) {
      const lost = new WorkerError(
        { code: 'TX_REVERTED', error: 'superseded' },
        'Another transaction of the same key took this nonce.',
        { hint: 'Use an operating key for one worker only.' }
      )
      this.#tell(tx.id, waiter => waiter.reject(lost))
      await this.#forget(tx)
      return
    }
    const age = (this.#age.get(tx.nonce) ?? 0) + 1
    this.#age.set(tx.nonce, age)
    await this.#broadcast(age % PATIENCE_HEADS === 0 ? await this.#raised(tx) : tx)
  }

  /** The same transaction at a higher fee. */
  async #raised(tx: StoredTx): Promise<StoredTx> {
    const now = await this.#fees()
    const raise = (was: string): bigint => (BigInt(was) * FEE_STEP_PERCENT) / 100n
    const tip = raise(tx.tip)
    const wanted = raise(tx.maxFeePerGas)
    const raised = await this.#signed({
      ...tx,
      gasLimit: BigInt(tx.gasLimit),
      tip,
      maxFeePerGas: wanted > now.maxFeePerGas ? wanted : now.maxFeePerGas + tip,
      formerHashes: [tx.hash, ...tx.formerHashes].slice(0, 8)
    })
    await this.#parts.store.put(raised)
    this.#pending.set(raised.nonce, raised)
    return raised
  }

  async #forget(tx: StoredTx): Promise<void> {
    await this.#parts.store.remove(tx.nonce)
    this.#pending.delete(tx.nonce)
    this.#included.delete(tx.nonce)
    this.#age.delete(tx.nonce)
  }

  #tell(id: string, say: (waiter: Waiting) => void): void {
    const waiters = this.#waiting.get(id) ?? []
    this.#waiting.delete(id)
    for (const waiter of waiters) say(waiter)
  }

  #expire(head: number): void {
    for (const [id, waiters] of this.#waiting) {
      const late = waiters.filter(waiter => head > waiter.deadlineBlock)
      if (late.length === 0) continue
      this.#waiting.set(id, waiters.filter(waiter => head <= waiter.deadlineBlock)) // prettier-ignore
      const error = new WorkerError(
        { code: 'TX_DEADLINE', what: id },
        `The transaction ${id} was not included in time.`
      )
      for (const waiter of late) waiter.reject(error)
    }
  }

  /** Ends all waiting; what is signed stays on disk. */
  stop(): void {
    const error = new WorkerError({ code: 'TX_DEADLINE', what: 'stop' }, 'The worker stops.')
    for (const id of [...this.#waiting.keys()]) this.#tell(id, waiter => waiter.reject(error))
  }
}
