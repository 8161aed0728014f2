import { asError, type Address, type Hash, type Hex } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { WorkerError } from '../errors.ts'
import { revertNameOf } from './enigma-abi.ts'
import { fromQuantity, numberOf, toQuantity, type RawLog } from './quantities.ts'
import { ChainRpcError, type ChainRpc } from './rpc.ts'
import type { StoredTx } from './tx-store.ts'

export interface TxOutcome {
  readonly hash: Hash
  readonly block: number
  readonly ok: boolean // false: included, but reverted
  readonly logs: readonly Pick<RawLog, 'topics' | 'data'>[]
}

export interface Fees {
  readonly maxFeePerGas: bigint // wei
  readonly tip: bigint // wei
}

const GAS_MARGIN_PERCENT = 130n
const GAS_MARGIN = 30_000n
const TIP_WEI = 1_000_000_000n

/** What a sender of transactions asks an Ethereum node. No state. */
export class TxWire {
  readonly #rpc: ChainRpc
  readonly #log: Logger

  constructor(rpc: ChainRpc, log: Logger) {
    this.#rpc = rpc
    this.#log = log
  }

  /**
   * Gas to send with: what is `given`, if the transaction does not revert with it, else the node's estimate with a margin.
   * Nodes do not estimate a call whose inner call runs out of gas by design, as a callback may.
   *
   * @throws TX_REVERTED with the contract's error
   */
  async gasFor(from: Address, to: Address, data: Hex, given?: bigint): Promise<bigint> {
    try {
      if (given !== undefined) {
        await this.#rpc.send('eth_call', [{ from, to, data, gas: toQuantity(given) }, 'pending'])
        return given
      }
      const gas = fromQuantity(await this.#rpc.send('eth_estimateGas', [{ from, to, data }, 'pending']))
      return (gas * GAS_MARGIN_PERCENT) / 100n + GAS_MARGIN
    } catch (error) {
      const name = revertNameOf(error)
      if (name === null) throw error
      throw new WorkerError({ code: 'TX_REVERTED', error: name }, `The transaction would fail: ${name}.`, {
        cause: error
      })
    }
  }

  async fees(): Promise<Fees> {
    const block = (await this.#rpc.send('eth_getBlockByNumber', ['latest', false])) as Record<string, unknown>
    const base = block['baseFeePerGas'] === undefined ? 0n : fromQuantity(block['baseFeePerGas'])
    return { maxFeePerGas: 2n * base + TIP_WEI, tip: TIP_WEI }
  }

  /** Nonces that blocks have used up. */
  async transactionCount(from: Address): Promise<number> {
    return numberOf(await this.#rpc.send('eth_getTransactionCount', [from, 'latest']))
  }

  /** The node may refuse what it already has; whether a transaction counts is only seen by its inclusion. */
  async broadcast(tx: StoredTx): Promise<void> {
    try {
      await this.#rpc.send('eth_sendRawTransaction', [tx.raw])
    } catch (error) {
      const expected = error instanceof ChainRpcError && /known|nonce|already/i.test(error.message)
      this.#log[expected ? 'debug' : 'warn']('a transaction was not taken', {
        id: tx.id,
        error: asError(error).message
      })
    }
  }

  /** Null: in no block, under none of its hashes. */
  async inclusionOf(tx: StoredTx): Promise<TxOutcome | null> {
    for (const hash of [tx.hash, ...tx.formerHashes]) {
      const found = await this.#rpc.send('eth_getTransactionReceipt', [hash])
      const receipt = found as Record<string, unknown> | null
      if (!receipt) continue
      const logs = (receipt['logs'] as Record<string, unknown>[]).map(({ topics, data }) => ({
        topics: (topics as unknown[]).map(String),
        data: String(data)
      }))
      return { hash, block: numberOf(receipt['blockNumber']), ok: fromQuantity(receipt['status']) === 1n, logs }
    }
    return null
  }
}
