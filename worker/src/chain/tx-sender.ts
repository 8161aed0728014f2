import { addressOfPrivateKey, asError, fromHex, type Address, type Hex } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { WorkerError } from '../errors.ts'
import { RecentFees } from './recent-fees.ts'
import type { ChainRpc } from './rpc.ts'
import { signTransaction } from './signed-tx.ts'
import type { StoredTx, TxStore } from './tx-store.ts'
import { TxWire, type TxOutcome } from './tx-wire.ts'

export type { TxOutcome } from './tx-wire.ts'

export interface TxRequest {
  /** One transaction per id: asking again for an id that is under way waits for the same transaction. */
  readonly id: string
  /** Further ids that this transaction stands for, such as the receipts of a batch. */
  readonly covers?: readonly string[]
  readonly to: Address
  readonly data: Hex
  /** Gas to send with; without it the node is asked for an estimate. */
  readonly gas?: bigint
  /** Give up waiting above this block; the transaction itself stays in the queue, and may still be included. */
  readonly deadlineBlock?: number
  /** Called once the signed transaction is on disk, before it is sent. */
  readonly onSigned?: () => void
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

/** Heads without inclusion after which the fee is raised. */
const PATIENCE_HEADS = 12
const FEE_STEP_PERCENT = 130n
/** An included transaction is kept so many blocks at least: a reorg may take it out again, and its nonce with it. */
const KEPT_BLOCKS = 64
const FILL_GAS = 21_000n

/**
 * Sends the transactions of one key: one queue of nonces without gaps, each transaction signed once and on disk before
 * it is sent, and sent again at every head until it is included. Whether it would revert is asked on `pending`: on `latest` a
 * seat's window would not be open yet.
 */
export class TxSender {
  readonly address: Address
  readonly #parts: TxSenderParts
  readonly #wire: TxWire
  readonly #fees: RecentFees
  readonly #key: Uint8Array
  readonly #pending = new Map<number, StoredTx>()
  readonly #included = new Map<number, TxOutcome>()
  readonly #waiting = new Map<number, Waiting[]>() // by nonce
  readonly #age = new Map<number, number>()
  #nextNonce = 0
  #queue: Promise<unknown> = Promise.resolve()
  #checking = false
  #reorged = false
  #reorgs = 0

  constructor(parts: TxSenderParts) {
    this.#parts = parts
    this.#wire = new TxWire(parts.rpc, parts.log)
    this.#fees = new RecentFees(this.#wire)
    this.#key = fromHex(parts.privateKey, 32)
    this.address = addressOfPrivateKey(this.#key)
  }

  /** Takes up what an earlier run of this process left. */
  async start(): Promise<void> {
    for (const tx of await this.#parts.store.all()) this.#pending.set(tx.nonce, tx)
    const onChain = await this.#wire.transactionCount(this.address)
    this.#nextNonce = Math.max(onChain, ...[...this.#pending.keys()].map(nonce => nonce + 1))
    const left = this.#inOrder().filter(tx => tx.nonce >= onChain)
    if (left.length > 0) this.#parts.log.info('transactions are taken up again', { count: left.length })
    for (const tx of left) await this.#wire.broadcast(tx)
  }

  get pendingCount(): number {
    return this.#pending.size - this.#included.size
  }
  /** True while a transaction of this id is signed and may still come to count, or counts already. */
  has(id: string): boolean {
    return this.#find(id) !== undefined
  }

  /**
   * Signs, stores and sends; resolves when the transaction is included.
   *
   * @throws TX_REVERTED with the contract's error if it would fail now (nothing is signed then); TX_DEADLINE.
   */
  async send(request: TxRequest): Promise<TxOutcome> {
    return (await this.signed(request)).included
  }

  /** Like `send`, but resolves when the transaction is on its way; `included` settles as `send` does. */
  async signed(request: TxRequest): Promise<{ readonly included: Promise<TxOutcome> }> {
    const signed = this.#queue.then(() => this.#sign(request))
    this.#queue = signed.catch(() => undefined)
    const tx = await signed
    const included = this.#inclusion(tx, request.deadlineBlock)
    included.catch(() => undefined) // whoever asked sees it
    return { included }
  }

  /** The outcome of a transaction that stands for this id; null if none is known. @throws TX_DEADLINE, TX_REVERTED */
  outcomeOf(id: string): Promise<TxOutcome> | null {
    const tx = this.#find(id)
    return tx ? this.#inclusion(tx) : null
  }

  #inclusion(tx: StoredTx, deadlineBlock = Number.MAX_SAFE_INTEGER): Promise<TxOutcome> {
    const done = this.#included.get(tx.nonce)
    if (done) return Promise.resolve(done)
    return new Promise((resolve, reject) => {
      const list = this.#waiting.get(tx.nonce) ?? []
      list.push({ deadlineBlock, resolve, reject })
      this.#waiting.set(tx.nonce, list)
    })
  }

  /** Looks after the queue: call at every head. */
  async onHead(head: number): Promise<void> {
    this.#fees.onHead(head)
    if (this.#checking) return
    this.#checking = true
    try {
      const isIdle = this.pendingCount === 0 && !this.#reorged
      const count = isIdle ? 0 : await this.#wire.transactionCount(this.address)
      const over: StoredTx[] = []
      for (const tx of this.#inOrder()) if (await this.#check(tx, head, count)) over.push(tx)
      await this.#forget(over)
      this.#expire(head)
      if (this.#reorged) await this.#mend()
      if (!isIdle) await this.#fees.renew() // whoever sends next finds them here
    } catch (error) {
      this.#parts.log.warn('transactions could not be looked after', { error: asError(error).message })
    } finally {
      this.#checking = false
    }
  }

  /** The blocks above `to` are void: what was included in them has to be included again. */
  onRollback(to: number): void {
    this.#reorged = true
    this.#reorgs += 1
    for (const [nonce, { block }] of this.#included) if (block > to) this.#included.delete(nonce)
  }

  #inOrder(): StoredTx[] {
    return [...this.#pending.values()].sort((a, b) => a.nonce - b.nonce)
  }

  /** One that reverted may be tried anew, so it is not found. */
  #find(id: string): StoredTx | undefined {
    return [...this.#pending.values()].find(
      tx => (tx.id === id || tx.covers?.includes(id)) && this.#included.get(tx.nonce)?.ok !== false
    )
  }

  async #sign(request: TxRequest): Promise<StoredTx> {
    const known = this.#find(request.id)
    if (known) return known
    const { id, covers, to, data, gas } = request
    const [gasLimit, fees] = await Promise.all([this.#wire.gasFor(this.address, to, data, gas), this.#fees.get()])
    const tx = this.#signed({ id, covers, to, data, gasLimit, ...fees, nonce: this.#nextNonce, formerHashes: [] })
    await this.#parts.store.put(tx)
    this.#nextNonce += 1
    this.#pending.set(tx.nonce, tx)
    request.onSigned?.()
    await this.#wire.broadcast(tx)
    return tx
  }

  #signed(
    tx: Omit<StoredTx, 'raw' | 'hash' | 'gasLimit' | 'maxFeePerGas' | 'tip'> & {
      gasLimit: bigint
      maxFeePerGas: bigint
      tip: bigint
    }
  ): StoredTx {
    const { gasLimit, maxFeePerGas, tip } = tx
    return {
      ...tx,
      gasLimit: gasLimit.toString(),
      maxFeePerGas: maxFeePerGas.toString(),
      tip: tip.toString(),
      ...signTransaction({ ...tx, chainId: this.#parts.chainId }, this.#key)
    }
  }

  /**
   * @param count nonces that blocks have used up
   * @returns whether there is nothing more to look after
   */
  async #check(tx: StoredTx, head: number, count: number): Promise<boolean> {
    const before = this.#included.get(tx.nonce)
    if (before) return head - before.block + 1 >= Math.max(this.#parts.confirmations, KEPT_BLOCKS)
    if (tx.nonce < count) {
      const reorgs = this.#reorgs
      const found = await this.#wire.inclusionOf(tx)
      if (reorgs !== this.#reorgs) return false // found on a branch that may be gone: asked again at the next head
      if (found) {
        this.#included.set(tx.nonce, found)
        this.#tell(tx.nonce, waiter => waiter.resolve(found))
        return false
      }
      if ((await this.#wire.transactionCount(this.address)) <= tx.nonce) return false // a reorg between both questions
      const lost = new WorkerError(
        { code: 'TX_REVERTED', error: 'superseded' },
        'Another transaction of the same key took this nonce.',
        { hint: 'Use an operating key for one worker only.' }
      )
      this.#tell(tx.nonce, waiter => waiter.reject(lost))
      return true
    }
    const age = (this.#age.get(tx.nonce) ?? 0) + 1
    this.#age.set(tx.nonce, age)
    await this.#wire.broadcast(age % PATIENCE_HEADS === 0 ? await this.#raised(tx) : tx)
    return false
  }

  /** The same transaction at a higher fee. */
  async #raised(tx: StoredTx): Promise<StoredTx> {
    const now = await this.#wire.fees()
    const raise = (was: string): bigint => (BigInt(was) * FEE_STEP_PERCENT) / 100n
    const tip = raise(tx.tip)
    const wanted = raise(tx.maxFeePerGas)
    const raised = this.#signed({
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

  /** After a reorg deeper than what is kept: no nonce below the next one may be missing, or nothing is included any more. */
  async #mend(): Promise<void> {
    const mended = this.#queue.then(async () => {
      const reorgs = this.#reorgs
      const count = await this.#wire.transactionCount(this.address)
      const waiting = this.#inOrder().filter(tx => tx.nonce >= count)
      if (waiting.length === 0) this.#nextNonce = count
      const fees = await this.#wire.fees()
      for (let nonce = count; nonce < this.#nextNonce; nonce++) {
        if (this.#pending.has(nonce)) continue
        const id = `fill/${nonce}`
        const nothing = {
          id,
          to: this.address,
          data: '0x' as Hex,
          gasLimit: FILL_GAS,
          ...fees,
          nonce,
          formerHashes: []
        }
        const tx = this.#signed(nothing)
        await this.#parts.store.put(tx)
        this.#pending.set(nonce, tx)
        await this.#wire.broadcast(tx)
        this.#parts.log.warn('a nonce that a reorg set free is filled', { nonce })
      }
      if (reorgs === this.#reorgs) this.#reorged = false
    })
    this.#queue = mended.catch(() => undefined)
    await mended
  }

  async #forget(over: readonly StoredTx[]): Promise<void> {
    if (over.length === 0) return
    await this.#parts.store.remove(over.map(({ nonce }) => nonce))
    for (const { nonce } of over) {
      this.#pending.delete(nonce)
      this.#included.delete(nonce)
      this.#age.delete(nonce)
    }
  }

  #tell(nonce: number, say: (waiter: Waiting) => void): void {
    const waiters = this.#waiting.get(nonce) ?? []
    this.#waiting.delete(nonce)
    for (const waiter of waiters) say(waiter)
  }

  #expire(head: number): void {
    for (const [nonce, waiters] of this.#waiting) {
      const late = waiters.filter(waiter => head > waiter.deadlineBlock)
      if (late.length === 0) continue
      this.#waiting.set(nonce, waiters.filter(waiter => head <= waiter.deadlineBlock)) // prettier-ignore
      const what = this.#pending.get(nonce)?.id ?? `nonce ${nonce}`
      const error = new WorkerError({ code: 'TX_DEADLINE', what }, `The transaction ${what} was not included in time.`)
      for (const waiter of late) waiter.reject(error)
    }
  }

  /** Ends all waiting; what is signed stays on disk. */
  stop(): void {
    const error = new WorkerError({ code: 'TX_DEADLINE', what: 'stop' }, 'The worker stops.')
    for (const nonce of [...this.#waiting.keys()]) this.#tell(nonce, waiter => waiter.reject(error))
  }
}
