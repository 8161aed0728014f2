import type { NetworkHooks } from 'hardhat/types/hooks'
import type { HardhatPlugin } from 'hardhat/types/plugins'
import type { EthereumProvider, JsonRpcResponse } from 'hardhat/types/providers'

const SENDS: readonly string[] = ['eth_sendTransaction', 'eth_sendRawTransaction']
const PAUSE_MS = 2
const LIMIT_MS = 20_000

interface MinedReceipt {
  readonly status: string
  readonly blockNumber: string
}
interface SentTransaction {
  readonly from: string
  readonly to: string | null
  readonly input: string
  readonly gas: string
  readonly value: string
}
interface Block {
  readonly timestamp: string
}
interface Failed {
  readonly blockNumber: string
  readonly hash: unknown
  readonly id: number | string
}

/**
 * A node that mines at once may still answer before it has mined; the tests read the chain right after they sent. anvil shows a receipt
 * before its pool lets go of the transaction: were the chain reverted in between, it would mine it once more.
 */
async function mined(provider: EthereumProvider, hash: unknown): Promise<MinedReceipt> {
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline;) {
    const receipt = await provider.request({ method: 'eth_getTransactionReceipt', params: [hash] })
    if (receipt !== null && (await isPoolEmpty(provider))) return receipt as MinedReceipt
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
  throw new Error(`The transaction ${String(hash)} was not mined within ${LIMIT_MS} ms: does the node mine at once?`)
}

async function isPoolEmpty(provider: EthereumProvider): Promise<boolean> {
  const { pending } = (await provider.request({ method: 'txpool_status' })) as { pending: string }
  return BigInt(pending) === 0n
}

/** The answer to a sending that ended in a revert: the error with its data, as Hardhat's own chain gives it. */
async function reverted(provider: EthereumProvider, { hash, id, blockNumber }: Failed): Promise<JsonRpcResponse> {
  const sent = (await provider.request({ method: 'eth_getTransactionByHash', params: [hash] })) as SentTransaction
  const { from, to, input, gas, value } = sent
  const block = (await provider.request({ method: 'eth_getBlockByNumber', params: [blockNumber, false] })) as Block
  const before = `0x${(BigInt(blockNumber) - 1n).toString(16)}`
  const inThatBlock = { number: blockNumber, time: block.timestamp }
  const error = await provider
    .request({ method: 'eth_call', params: [{ from, to, data: input, gas, value }, before, {}, inThatBlock] })
    .then(() => new Error('The transaction failed, but the same call does not.'))
    .catch((thrown: unknown) => thrown as { message: string; data?: unknown })
  return { jsonrpc: '2.0', id, error: { code: 3, message: error.message, data: 'data' in error ? error.data : '0x' } }
}

const handlers: Partial<NetworkHooks> = {
  async onRequest(context, connection, request, next) {
    const response = await next(context, connection, request)
    const { provider, networkConfig } = connection
    if (networkConfig.type !== 'http' || !SENDS.includes(request.method) || !('result' in response)) return response
    const { status, blockNumber } = await mined(provider, response.result)
    return BigInt(status) === 1n ? response : reverted(provider, { hash: response.result, id: request.id, blockNumber })
  }
}

/** For test networks of another client than Hardhat's own: a transaction counts as sent once it is mined, and its revert is an error. */
export const minedAtOnce: HardhatPlugin = {
  id: 'enigma-mined-at-once',
  hookHandlers: { network: () => Promise.resolve({ default: () => Promise.resolve(handlers) }) }
}
