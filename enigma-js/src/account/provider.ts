import { FetchRequest, JsonRpcProvider, Network, type JsonRpcPayload, type JsonRpcResult } from 'ethers'
import { ClientError, quoted } from '../errors.ts'
import { backoff, sleep } from '../waiting.ts'

const REQUEST_TIMEOUT_MS = 15_000

export const chainUnreachable = (who: string, cause?: unknown): ClientError =>
  new ClientError(
    { code: 'CHAIN_UNREACHABLE', what: 'chain id' },
    `The Ethereum node at ${who} did not answer${cause === undefined ? '.' : `: ${quoted(cause)}`}`,
    { cause }
  )

/** A question is put to all endpoints this often, with pauses of some 0.2 and 0.5 s, before the caller is told. */
const ROUNDS = 3
/** Sent twice, a transaction that arrived would be answered with an error, as if it had been refused. */
const ONCE: ReadonlySet<string> = new Set(['eth_sendRawTransaction', 'eth_sendTransaction'])

/**
 * Speaks to the first of several endpoints of one chain, and to the next one when it fails; when all have failed, again after a pause.
 * A node's own error is an answer.
 */
class FailoverProvider extends JsonRpcProvider {
  readonly #requests: readonly FetchRequest[]
  #current = 0

  constructor(requests: readonly FetchRequest[], network: Network) {
    super(requests[0]!.clone(), network, { staticNetwork: network, cacheTimeout: -1, pollingInterval: 250 })
    this.#requests = requests
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const rounds = [payload].flat().some(({ method }) => ONCE.has(method)) ? 1 : ROUNDS
    const tries = rounds * this.#requests.length
    const pause = backoff(150, 1_000)
    let failure: unknown
    for (let tried = 0; tried < tries; tried++) {
      // Half of a pause is random, so that many clients do not come back at once.
      if (tried > 0 && tried % this.#requests.length === 0) await sleep(pause() * (1 + Math.random()))
      const request = this.#requests[this.#current]!.clone()
      request.body = JSON.stringify(payload)
      request.setHeader('content-type', 'application/json')
      try {
        const response = await request.send()
        response.assertOk()
        return [response.bodyJson as JsonRpcResult | JsonRpcResult[]].flat()
      } catch (error) {
        failure = error
        this.#current = (this.#current + 1) % this.#requests.length
      }
    }
    throw failure
  }
}

/**
 * A provider with short deadlines and without caches that would hide a new block.
 *
 * @param urls one endpoint, or several of one chain with commas between, the preferred one first
 * @throws CHAIN_UNREACHABLE if none answers; CHAIN_FOREIGN if two answer for different chains
 */
export async function openProvider(urls: string): Promise<JsonRpcProvider> {
  const all = urls.split(',').map(url => url.trim())
  // Asked by hand first: the provider itself would try for ever, and print each attempt.
  const answers = await Promise.allSettled(all.map(chainIdOf))
  const ids = answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
  if (ids.length === 0) throw (answers[0] as PromiseRejectedResult).reason as Error
  if (new Set(ids).size > 1) {
    throw new ClientError(
      { code: 'CHAIN_FOREIGN', what: 'chain id' },
      'The Ethereum endpoints given belong to different chains.'
    )
  }
  const requests = all.map(url => {
    const request = new FetchRequest(url)
    request.timeout = REQUEST_TIMEOUT_MS
    return request
  })
  return new FailoverProvider(requests, Network.from(ids[0]))
}

async function chainIdOf(url: string): Promise<bigint> {
  const question = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] })
  let answer: { result?: unknown }
  try {
    const response = await fetch(url, { ...question, body, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })
    answer = (await response.json()) as { result?: unknown }
  } catch (cause) {
    throw chainUnreachable(url, cause)
  }
  if (typeof answer.result !== 'string' || !/^0x[0-9a-f]{1,16}$/i.test(answer.result)) throw chainUnreachable(url)
  return BigInt(answer.result)
}
