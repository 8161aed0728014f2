import { JsonRpcProvider, Wallet, type TransactionReceipt, type TransactionResponse } from 'ethers'
import type { DevAccount } from './accounts.ts'
import { devnetChainId } from './chain-process.ts'
import { DevnetError } from './errors.ts'
import { waitFor } from './wait.ts'

/** A connection for the set-up of a devnet: no caches, no batches, short polls. */
export function setupProvider(url: string, chainId = devnetChainId): JsonRpcProvider {
  const options = { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1, pollingInterval: 50 }
  return new JsonRpcProvider(url, chainId, options)
}

export function signerOf(account: DevAccount, provider: JsonRpcProvider): Wallet {
  return new Wallet(account.privateKey, provider)
}

/**
 * Waits for a transaction's receipt.
 * @throws DEVNET_CHAIN if it was reverted.
 */
export async function included(sent: Promise<TransactionResponse>, what: string): Promise<TransactionReceipt> {
  const { hash, provider } = await sent
  const receipt = await waitFor(async () => (await provider.getTransactionReceipt(hash)) ?? undefined, {
    what: `the transaction that ${what}`,
    limitMs: 20_000,
    intervalMs: 20
  })
  if (receipt.status !== 1)
    throw new DevnetError({ code: 'DEVNET_CHAIN', method: what }, `The transaction that ${what} was reverted.`)
  return receipt
}
