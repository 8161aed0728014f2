import { setTimeout as sleep } from 'node:timers/promises'
import { asError, printable } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'

/**
 * JSON-RPC to an Ethereum node over HTTP: deadlines, retries with back-off, and a cap on answers.
 *
 * Own transport instead of a provider class: a read must end by its deadline whatever the node does, and what counts is
 * the answer to one question, never a provider's cached idea of the network.
 */
export interface ChainRpc {
  /**
   * Asks until the node answers or the deadline passes. Only failures of the transport are tried again.
   *
   * @throws ChainRpcError with the node's own error; CHAIN_UNREACHABLE; CHAIN_TIMEOUT.
   */
  send(method: string, params: readonly unknown[], options?: SendOptions): Promise<unknown>
}

export interface SendOptions {
  readonly timeoutMs?: number // of the whole call, retries included
  readonly attempts?: number
  readonly signal?: AbortSignal
}

export interface ChainRpcOptions {
  readonly timeoutMs?: number
  readonly attemptTimeoutMs?: number
  readonly attempts?: number
  readonly maxAnswerBytes?: number
}

/** The node understood the call and answered with an error: asking again gives the same. */
export class ChainRpcError extends Error {
  readonly rpcCode: number
  readonly data: unknown
  constructor(method: string, rpcCode: number, message: string, data: unknown) {
    super(`${method}: ${printable(message, 300)}`)
    this.name = 'ChainRpcError'
    this.rpcCode = rpcCode
    this.data = data
  }
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000

async function boundedText(response: Response, limit: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length
    if (size > limit) throw new Error(`The answer is larger than ${limit} bytes.`)
    parts.push(chunk as Uint8Array)
  }
  return Buffer.concat(parts).toString('utf8')
}

export function createChainRpc(url: string, options: ChainRpcOptions = {}): ChainRpc {
  const { timeoutMs = 20_000, attemptTimeoutMs = 8_000, attempts = 6, maxAnswerBytes = 64 * 1024 * 1024 } = options
  let nextId = 1

  async function attempt(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
      signal
    })
    const text = await boundedText(response, maxAnswerBytes)
    let answer: { result?: unknown; error?: { code?: unknown; message?: unknown; data?: unknown } }
    try {
      answer = JSON.parse(text) as typeof answer
    } catch {
      throw new Error(`HTTP status ${response.status} without a JSON answer.`)
    }
    if (answer.error) {
      throw new ChainRpcError(method, Number(answer.error.code), String(answer.error.message), answer.error.data)
    }
    if (!('result' in answer)) throw new Error('An answer without a result.')
    return answer.result
  }

  return {
    async send(method, params, call = {}) {
      const limitMs = call.timeoutMs ?? timeoutMs
      const whole = AbortSignal.any([AbortSignal.timeout(limitMs), ...(call.signal ? [call.signal] : [])])
      let pause = FIRST_PAUSE_MS
      let last: Error | undefined
      for (let tries = 0; tries < (call.attempts ?? attempts); tries++) {
        try {
          return await attempt(method, params, AbortSignal.any([whole, AbortSignal.timeout(attemptTimeoutMs)]))
        } catch (error) {
          if (error instanceof ChainRpcError) throw error
          last = asError(error)
        }
        if (call.signal?.aborted) throw asError(call.signal.reason)
        if (whole.aborted) break
        await sleep(pause, undefined, { signal: whole }).catch(() => undefined)
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
      }
      if (call.signal?.aborted) throw asError(call.signal.reason)
      if (whole.aborted) {
        throw new WorkerError(
          { code: 'CHAIN_TIMEOUT', method, limitMs },
          `The Ethereum node did not answer ${method} within ${limitMs} ms.`,
          { hint: 'Check the node at --chain-url.', cause: last }
        )
      }
      throw new WorkerError(
        { code: 'CHAIN_UNREACHABLE', method },
        `The Ethereum node cannot be reached for ${method}.`,
        {
          hint: 'Check that a node runs at --chain-url.',
          cause: last
        }
      )
    }
  }
}
