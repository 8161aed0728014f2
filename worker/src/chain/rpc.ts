import { setTimeout as sleep } from 'node:timers/promises'
import { asError, printable } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import { deadlineIn } from '../ops/deadline.ts'
import { AnswerTooLarge, postJson } from './http-post.ts'

/**
 * JSON-RPC to Ethereum nodes over HTTP: deadlines, retries with back-off and jitter, failover from one endpoint to the next,
 * and a cap on answers.
 *
 * Own transport instead of a provider class: a read must end by its deadline whatever the node does, and what counts is
 * the answer to one question, never a provider's cached idea of the network.
 */
export interface ChainRpc {
  /**
   * Asks until the node answers or the deadline passes. Only failures of the transport and exceeded limits are tried again.
   *
   * @throws ChainRpcError with the node's own error; CHAIN_UNREACHABLE; CHAIN_TIMEOUT.
   */
  send(method: string, params: readonly unknown[], options?: SendOptions): Promise<unknown>
}

export interface ChainEndpoints extends ChainRpc {
  /** How the endpoints did so far, in the order of the settings; their addresses may hold keys and are not shown. */
  endpoints(): readonly EndpointState[]
}

export interface EndpointState {
  readonly up: boolean
  readonly failures: number
}

export interface SendOptions {
  readonly timeoutMs?: number // of the whole call, retries included
  readonly attempts?: number
  readonly signal?: AbortSignal
  /** The caller can ask for less at a time: an exceeded limit is thrown as a ChainRpcError. */
  readonly divisible?: boolean
}

export interface ChainRpcOptions {
  readonly timeoutMs?: number
  /** One attempt, at the longest. */
  readonly attemptTimeoutMs?: number
  /** The first attempt at each endpoint; later ones have twice as long each. */
  readonly firstAttemptMs?: number
  readonly attempts?: number
  readonly maxAnswerBytes?: number
  /** How long an endpoint that failed is not the first choice. */
  readonly restMs?: number
  readonly random?: () => number
}

/** The node understood the call and answered with an error, or with more than is read: asking again gives the same. */
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

interface Endpoint {
  readonly url: string
  failures: number
  failedAt: number | null // performance.now(); null while it answers
}

/** Rate limits, and gateways without a node behind them: another endpoint, or a later time, gives an answer. */
const TRANSIENT_STATUS: readonly number[] = [408, 429, 502, 503, 504]
/** Too many calls, of which a later time is the cure; or too long an answer, of which it is not (EIP-1474). */
const LIMIT_EXCEEDED = -32005

/** @param urls endpoints of one chain, the preferred one first. */
export function createChainRpc(urls: string | readonly string[], options: ChainRpcOptions = {}): ChainEndpoints {
  const { timeoutMs = 20_000, attemptTimeoutMs = 8_000, maxAnswerBytes = 64 * 1024 * 1024 } = options
  const { firstAttemptMs = 2_000, restMs = 30_000, random = Math.random } = options
  const endpoints = [urls].flat().map((url): Endpoint => ({ url, failures: 0, failedAt: null }))
  const attempts = options.attempts ?? Math.max(6, 3 * endpoints.length)
  let nextId = 1

  async function attempt(
    url: string,
    method: string,
    params: readonly unknown[],
    signal: AbortSignal
  ): Promise<unknown> {
    const question = JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params })
    const { status, text } = await postJson(url, question, maxAnswerBytes, signal).catch((error: unknown) => {
      if (!(error instanceof AnswerTooLarge)) throw error
      throw new ChainRpcError(method, LIMIT_EXCEEDED, `more than ${maxAnswerBytes} bytes`, undefined)
    })
    if (TRANSIENT_STATUS.includes(status)) throw new Error(`HTTP status ${status}.`)
    let answer: { result?: unknown; error?: { code?: unknown; message?: unknown; data?: unknown } }
    try {
      answer = JSON.parse(text) as typeof answer
    } catch {
      throw new Error(`HTTP status ${status} without a JSON answer.`)
    }
    if (typeof answer !== 'object' || answer === null) throw new Error('An answer that is no object.')
    const { error } = answer
    if (error) throw new ChainRpcError(method, Number(error.code), String(error.message), error.data)
    if (!('result' in answer)) throw new Error('An answer without a result.')
    return answer.result
  }

  /** Those that answer before those that failed lately, each in the order of the settings. */
  function inOrder(): Endpoint[] {
    const now = performance.now()
    const rests = ({ failedAt }: Endpoint): boolean => failedAt !== null && now - failedAt < restMs
    return [...endpoints.filter(one => !rests(one)), ...endpoints.filter(rests)]
  }

  /** One lost answer costs little time, and a node that is always slow gets its time in the end. Long answers have it at once. */
  const patienceMs = (round: number, { divisible }: SendOptions): number =>
    divisible === true ? attemptTimeoutMs : Math.min(attemptTimeoutMs, firstAttemptMs * 2 ** round)

  return {
    endpoints: () => endpoints.map(({ failedAt, failures }) => ({ up: failedAt === null, failures })),
    async send(method, params, call = {}) {
      const limitMs = call.timeoutMs ?? timeoutMs
      const whole = deadlineIn(limitMs, call.signal)
      try {
        return await sendUntil(whole.signal, limitMs, method, params, call)
      } finally {
        whole.clear()
      }
    }
  }

  async function sendUntil(
    whole: AbortSignal,
    limitMs: number,
    method: string,
    params: readonly unknown[],
    call: SendOptions
  ): Promise<unknown> {
    let pause = FIRST_PAUSE_MS
    let last: Error | undefined
    let round: Endpoint[] = []
    for (let tries = 0; tries < (call.attempts ?? attempts); tries++) {
      if (round.length === 0) round = inOrder()
      const endpoint = round.shift()!
      const limit = deadlineIn(patienceMs(Math.floor(tries / endpoints.length), call), whole)
      try {
        const result = await attempt(endpoint.url, method, params, limit.signal)
        endpoint.failedAt = null
        return result
      } catch (error) {
        if (error instanceof ChainRpcError && error.rpcCode !== LIMIT_EXCEEDED) {
          endpoint.failedAt = null
          throw error
        }
        last = asError(error)
      } finally {
        limit.clear()
      }
      if (call.signal?.aborted) throw asError(call.signal.reason)
      endpoint.failures += 1
      endpoint.failedAt = performance.now()
      if (whole.aborted) break
      if (round.length > 0) continue // the next endpoint at once; a pause when all have failed
      // Half to all of the pause: many nodes that lost the same endpoint do not come back in one moment.
      await sleep(pause * (0.5 + random() / 2), undefined, { signal: whole }).catch(() => undefined)
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    }
    if (call.signal?.aborted) throw asError(call.signal.reason)
    if (call.divisible === true && last instanceof ChainRpcError) throw last
    const which = endpoints.length === 1 ? 'The Ethereum node' : `None of the ${endpoints.length} Ethereum endpoints`
    if (whole.aborted) {
      throw new WorkerError(
        { code: 'CHAIN_TIMEOUT', method, limitMs },
        `${which} ${endpoints.length === 1 ? 'did not answer' : 'answered'} ${method} within ${limitMs} ms.`,
        { hint: 'Check the node at --chain-url.', cause: last }
      )
    }
    throw new WorkerError(
      { code: 'CHAIN_UNREACHABLE', method },
      `${which} ${endpoints.length === 1 ? 'cannot' : 'can'} be reached for ${method}.`,
      { hint: 'Check that a node runs at --chain-url.', cause: last }
    )
  }
}
