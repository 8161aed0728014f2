interface Block {
  readonly transactions: readonly { readonly hash: string }[]
}

interface NodeError {
  readonly code?: number
  readonly message: string
  readonly data?: unknown
}

/** Reads everything public of a chain by plain JSON-RPC. */
export class DevnetChain {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async rpc<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(10_000)
    })
    const { result, error } = (await response.json()) as { result: T; error?: NodeError }
    // With code and data: a wallet passes on why a contract refused.
    if (error !== undefined)
      throw Object.assign(new Error(`${method}: ${error.message}`), { code: error.code, data: error.data })
    return result
  }

  /** Every block with its transactions, their receipts with logs, and what waits in the pool. */
  async *everything(): AsyncGenerator<{ where: string; json: string }> {
    const last = Number(await this.rpc<string>('eth_blockNumber'))
    for (let number = 0; number <= last; number++) {
      const block = await this.rpc<Block>('eth_getBlockByNumber', [`0x${number.toString(16)}`, true])
      yield { where: `block ${number}`, json: JSON.stringify(block) }
      for (const { hash } of block.transactions) {
        yield { where: `receipt ${hash}`, json: JSON.stringify(await this.rpc('eth_getTransactionReceipt', [hash])) }
      }
    }
    yield { where: 'pending block', json: JSON.stringify(await this.rpc('eth_getBlockByNumber', ['pending', true])) }
  }
}
