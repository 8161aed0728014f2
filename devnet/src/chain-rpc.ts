import { DevnetError } from './errors.ts'

/** Plain JSON-RPC to the devnet's chain. */
export class ChainRpc {
  readonly url: string
  #nextId = 1

  constructor(url: string) {
    this.url = url
  }

  /** @throws DEVNET_CHAIN if the chain answers with an error or not within 10 s. */
  async call<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    let answer: { result?: T; error?: { message: string } }
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: this.#nextId++, method, params }),
        signal: AbortSignal.timeout(10_000)
      })
      answer = (await response.json()) as typeof answer
    } catch (cause) {
      throw new DevnetError({ code: 'DEVNET_CHAIN', method }, `The chain at ${this.url} did not answer ${method}.`, {
        cause
      })
    }
    if (answer.error !== undefined) {
      throw new DevnetError({ code: 'DEVNET_CHAIN', method }, `The chain refused ${method}: ${answer.error.message}`)
    }
    return answer.result as T
  }

  async blockNumber(): Promise<number> {
    return Number(await this.call<string>('eth_blockNumber'))
  }
}
