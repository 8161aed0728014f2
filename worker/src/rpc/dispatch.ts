import jayson from 'jayson'
import { EnigmaError, asError, printable, type RpcMethodName, type RpcMethods } from '@enigma/protocol'
import { orAborted } from '../net/deadline.ts'
import type { Quota } from '../net/quota.ts'
import type { Logger } from '../ops/log.ts'
import { JSON_RPC, RpcError, toJsonRpcError } from './errors.ts'
import { MAX_JSON_DEPTH, isDeeperThan } from './json-text.ts'
import type { RpcLimits } from './limits.ts'
import { RPC_METHOD_NAMES, decodeParams, type DecodedParams } from './params.ts'
import type { TaskSubscriptions } from './subscriptions.ts'

/** Where a call came from. Subscriptions belong to a WebSocket and end with it. */
export interface Caller {
  readonly host: string
  readonly subscriptions: TaskSubscriptions | null
  /** Resolves once the answer to this call (or to its batch) was sent. */
  readonly answered: Promise<void>
}

/** A handler for every method: one that is missing does not compile. */
export type RpcHandlers = {
  readonly [M in RpcMethodName]: (params: DecodedParams[M], caller: Caller) => Promise<RpcMethods[M][1]>
}

export interface DispatchInit {
  readonly handlers: RpcHandlers
  readonly quota: Quota
  readonly limits: RpcLimits
  readonly log: Logger
}

const INPUT_METHODS: readonly RpcMethodName[] = ['sendTaskInput', 'deploySecretContract']

/** The text of the answer to the text of a request or batch; null if it was notifications only. */
export type Dispatch = (text: string, caller: Caller) => Promise<string | null>

export function createDispatch({ handlers, quota, limits, log }: DispatchInit): Dispatch {
  type Done = (err?: unknown, result?: unknown) => void

  async function call<M extends RpcMethodName>(method: M, params: unknown, caller: Caller): Promise<unknown> {
    const decoded = decodeParams(method, params)
    if (INPUT_METHODS.includes(method)) take(`input ${caller.host}`, limits.inputsPerSecond, limits.inputsBurst)
    const signal = AbortSignal.timeout(limits.requestTimeoutMs)
    try {
      return await orAborted(handlers[method](decoded, caller), signal)
    } catch (err) {
      if (!signal.aborted) throw err
      const facts = { code: 'RPC_TIMEOUT', method, limitMs: limits.requestTimeoutMs } as const
      throw new RpcError(facts, `${method} took longer than ${limits.requestTimeoutMs} ms.`, {
        hint: 'Ask again: what was done meanwhile is kept.',
        cause: err
      })
    }
  }

  function take(key: string, perSecond: number, burst: number): void {
    if (quota.take(key, perSecond, burst)) return
    throw new RpcError({ code: 'RPC_BUSY', perSecond }, `More than ${perSecond} calls a second from your address.`, {
      hint: 'Ask again in a second.'
    })
  }

  const methods = Object.fromEntries(
    RPC_METHOD_NAMES.map(method => [
      method,
      (params: unknown, caller: Caller, done: Done) => {
        Promise.resolve()
          .then(() => {
            take(`call ${caller.host}`, limits.perSecond, limits.burst)
            return call(method, params, caller)
          })
          .then(
            result => done(undefined, result),
            (err: unknown) => {
              if (!(err instanceof EnigmaError)) {
                log.error('A call failed inside', { method, error: printable(asError(err).message, 400) })
              }
              done(toJsonRpcError(err))
            }
          )
      }
    ])
  )
  const server = new jayson.Server(methods, { useContext: true })

  return async (text, caller) => {
    const request = parse(text, limits.maxBatch)
    if ('error' in request) return JSON.stringify({ jsonrpc: '2.0', id: null, error: request.error })
    const response = await new Promise<unknown>(resolve => {
      server.call(request.value as jayson.JSONRPCRequestLike, caller as object, (err?: unknown, answer?: unknown) =>
        resolve(err ?? answer)
      )
    })
    if (response === undefined || response === null) return null
    const answer = JSON.stringify(response)
    if (answer.length <= limits.maxResponseBytes) return answer
    const error = {
      code: JSON_RPC.server,
      message: 'The answer is too large.',
      data: { code: 'RPC_TOO_LARGE', hint: 'Ask for less in one batch.' }
    }
    return JSON.stringify({ jsonrpc: '2.0', id: null, error })
  }
}

function parse(text: string, maxBatch: number): { value: unknown } | { error: object } {
  const refuse = (code: number, message: string, data: string): { error: object } => ({
    error: { code, message, data: { code: data } }
  })
  if (isDeeperThan(text, MAX_JSON_DEPTH)) {
    return refuse(JSON_RPC.parse, `The request is nested deeper than ${MAX_JSON_DEPTH}.`, 'RPC_TOO_DEEP')
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refuse(JSON_RPC.parse, 'The request is not JSON.', 'RPC_NOT_JSON')
  }
  if (typeof value !== 'object' || value === null) {
    return refuse(JSON_RPC.request, 'The request is not a JSON-RPC request.', 'RPC_INVALID_REQUEST')
  }
  if (Array.isArray(value) && value.length > maxBatch) {
    return refuse(JSON_RPC.request, `A batch has at most ${maxBatch} calls.`, 'RPC_BATCH_TOO_LARGE')
  }
  return { value }
}
