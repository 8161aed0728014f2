import { BaseWallet, type TransactionReceipt, type TransactionResponse } from 'ethers'
import type { Hex } from '@enigma/protocol'
import type { Payer } from '../account/account.ts'
import { ClientError, quoted } from '../errors.ts'
import type { Timeouts } from '../session.ts'
import { sleep } from '../waiting.ts'
import type { Chain } from './chain.ts'
import { isRejection, rejected, revertOf } from './revert.ts'

/** A call of a contract that changes state. `gas` is computed, not estimated: an estimate on the latest block is wrong at an epoch's edge. */
export interface ContractCall {
  readonly what: string // for the sentence of an error
  readonly to: string
  readonly data: string
  readonly gas: bigint
  /** Prices of gas that were asked for already; else they are asked for now. */
  readonly prices?: GasPrices | undefined
}

/** Wei for a unit of gas (EIP-1559). */
export interface GasPrices {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/**
 * The prices that a transaction of this account would be sent with now: for a key in our hands, of which nobody else asks. Undefined where
 * whoever signs asks itself, or the chain has no such prices.
 */
export async function gasPrices({ signer, provider }: Payer): Promise<GasPrices | undefined> {
  if (!(signer instanceof BaseWallet)) return undefined
  const { maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData()
  return maxFeePerGas === null || maxPriorityFeePerGas === null ? undefined : { maxFeePerGas, maxPriorityFeePerGas }
}

/** @throws USER_REJECTED, INSUFFICIENT_ETH, TX_REVERTED; reverts found by the node beforehand pass as they are. */
export async function send({ signer, address }: Payer, { what, to, data, gas, prices }: ContractCall): Promise<Hex> {
  let sent: TransactionResponse
  try {
    sent = await signer.sendTransaction({ to, data, gasLimit: gas, ...prices })
  } catch (error) {
    throw sendError(error, what, address)
  }
  return sent.hash as Hex
}

function sendError(error: unknown, what: string, account: string): unknown {
  if (isRejection(error)) return rejected(what, error)
  if (revertOf(error) !== null) return error
  if ((error as { code?: unknown }).code === 'INSUFFICIENT_FUNDS') {
    return new ClientError({ code: 'INSUFFICIENT_ETH', account }, `${account} has too little ether for ${what}.`, {
      cause: error
    })
  }
  return new ClientError(
    { code: 'TX_REVERTED', what, reason: quoted(error) },
    `Ethereum did not take ${what}: ${quoted(error)}`,
    { cause: error }
  )
}

/** Looks between two looks for a replacement: it costs the node a search. */
const LOOKS_PER_SEARCH = 8

/**
 * Waits until a transaction is in a block, whatever its outcome there.
 *
 * @param replacement finds the transaction that stands for this one, if the wallet sent another one with the same nonce.
 * @throws TX_PENDING
 */
export async function mined(
  chain: Chain,
  transactionHash: Hex,
  { pollMs, transactionMs }: Timeouts,
  signal?: AbortSignal,
  replacement: () => Promise<Hex | null> = () => Promise.resolve(null)
): Promise<TransactionReceipt> {
  const until = Date.now() + transactionMs
  for (let look = 1; ; look++) {
    const other = look % LOOKS_PER_SEARCH === 0 ? await replacement() : null
    const receipt = await chain.receipt(other ?? transactionHash)
    if (receipt !== null) return receipt
    if (Date.now() > until) throw stillPending(transactionHash, transactionMs)
    await sleep(pollMs, signal)
  }
}

const stillPending = (transactionHash: Hex, afterMs: number): ClientError =>
  new ClientError(
    { code: 'TX_PENDING', transactionHash },
    `The transaction is in no block after ${Math.round(afterMs / 1000)} s.`
  )
