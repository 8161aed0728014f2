import jayson from 'jayson'
import { EnigmaError, asError, printable, type RpcMethodName, type RpcMethods } from '@enigma/protocol'
import { orAborted } from '../net/deadline.ts'
import type { Quota } from '../net/quota.ts'
import type { Logger } from '../ops/log.ts'
import { isOversized } from './body-room.ts'
import { JSON_RPC, RpcError, STATUS_BUSY, refusalText, toJsonRpcError } from './errors.ts'
import { MAX_JSON_DEPTH, isDeeperThan } from './json-text.ts'
import type { RpcLimits } from './limits.ts'
import { RPC_METHOD_NAMES } from './openrpc.ts'
import { decodeParams, type DecodedParams } from './params.ts'
import type { TaskSubscriptions } from './subscriptions.ts'

/** Where a call came from. Subscriptions belong to a WebSocket and end with it. */
export interface Caller {
  readonly host: string // hostOf its address
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
  /** The key that signed a call, if any; its own token bucket follows it from host to host. */
  readonly keyOf?: KeyOf
  readonly onCall?: OnCall
}

/** Null for a call that nobody signed. @throws what is wrong with the signature */
export type KeyOf = <M extends RpcMethodName>(method: M, params: DecodedParams[M]) => string | null
/** Told of every call that was answered: `code` is `ok` or the error's. */
export type OnCall = (method: RpcMethodName, code: string, ms: number) => void

/** What several enclaves may have to work for, whoever signed it: keys cost nothing to make. */
const INPUT_METHODS: readonly RpcMethodName[] = ['sendTaskInput', 'deploySecretContract', 'queryContract']

export interface Reply {
  /** Null if there were notifications only. */
  readonly text: string | null
  /** Set if every call was refused for coming too often. */
  readonly retryAfterSeconds?: number
}

/** The answer to the text of a request or batch. */
export type Dispatch = (text: string, caller: Caller) => Promise<Reply>

export function createDispatch(init: DispatchInit): Dispatch {
  const { handlers, quota, limits, log, keyOf = () => null, onCall = () => undefined } = init
  type Done = (err?: unknown, result?: unknown) => void

  async function call<M extends RpcMethodName>(method: M, params: unknown, caller: Caller): Promise<unknown> {
    const decoded = decodeParams(method, params)
    if (INPUT_METHODS.includes(method)) take(`input ${caller.host}`, limits.inputsPerSecond, limits.inputsBurst)
    const key = keyOf(method, decoded)
    if (key !== null) take(`key ${key}`, limits.keyPerSecond, limits.keyBurst)
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
    const retryAfterSeconds = Math.ceil(1 / perSecond)
    throw new RpcError(
      { code: 'RPC_BUSY', perSecond, retryAfterSeconds },
      `More than ${perSecond} calls a second from your address or key.`,
      { hint: `Nothing was done. Ask again in ${retryAfterSeconds} s.` }
    )
  }

  const methods = new Map(
    RPC_METHOD_NAMES.map(method => [
      method as string,
      new jayson.Method(
        ((params: unknown, caller: Caller, done: Done) => {
          const begun = performance.now()
          Promise.resolve()
            .then(() => {
              take(`call ${caller.host}`, limits.perSecond, limits.burst)
              return call(method, params, caller)
            })
            .then(
              result => {
                onCall(method, 'ok', performance.now() - begun)
                done(undefined, result)
              },
              (err: unknown) => {
                if (!(err instanceof EnigmaError)) {
                  log.error('A call failed inside', { method, error: printable(asError(err).message, 400) })
                }
                const error = toJsonRpcError(err)
                onCall(method, error.data?.code ?? 'INTERNAL', performance.now() - begun)
                done(error)
              }
            )
        }) as jayson.MethodHandlerContext,
        { useContext: true }
      )
    ])
  )
  // By a router: the server's own table refuses `rpc.discover`.
  const server = new jayson.Server({}, { useContext: true, router: name => methods.get(name) as jayson.MethodLike })

  return async (text, caller) => {
    const request = parse(text, limits)
    if ('refusal' in request) return { text: request.refusal }
    const response = await new Promise<unknown>(resolve => {
      server.call(request.value as jayson.JSONRPCRequestLike, caller as object, (err?: unknown, answer?: unknown) =>
        resolve(err ?? answer)
      )
    })
    if (response === undefined || response === null) return { text: null }
    const answers = Array.isArray(response) ? (response as Answer[]) : [response as Answer]
    const texts = bounded(answers, limits.maxResponseBytes)
    const waits = answers.map(({ error }) =>
      error?.data?.status === STATUS_BUSY ? error.data.retryAfterSeconds : null
    )
    return {
      text: Array.isArray(response) ? `[${texts.join(',')}]` : texts[0]!,
      ...(waits.length > 0 && !waits.includes(null) ? { retryAfterSeconds: Math.max(...(waits as number[])) } : {})
    }
  }
}

interface Answer {
  readonly id: unknown
  readonly error?: { readonly data?: { readonly status?: number; readonly retryAfterSeconds?: number } }
}

/** Each answer as text; those that the limit has no more room for become errors. Room for all errors is kept. */
function bounded(answers: readonly Answer[], maxBytes: number): string[] {
  let room = maxBytes
  return answers.map(answer => {
    const text = JSON.stringify(answer)
    room -= text.length
    if (room >= 0) return text
    room += text.length
    const data = { code: 'RPC_TOO_LARGE', hint: 'Ask for less in one batch.' }
    const error = { code: JSON_RPC.server, message: 'There is no more room in the answer.', data }
    return JSON.stringify({ jsonrpc: '2.0', id: answer.id ?? null, error })
  })
}

const MEMBERS: readonly string[] = ['jsonrpc', 'id', 'method', 'params']

function parse(text: string, limits: RpcLimits): { value: unknown } | { refusal: string } {
  const refuse = (code: number, message: string, data: string): { refusal: string } => ({
    refusal: refusalText(code, message, { code: data })
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
  if (isOversized(value, Buffer.byteLength(text), limits)) {
    const most = `A request other than a deployment has at most ${limits.maxBodyBytes} bytes.`
    return refuse(JSON_RPC.request, most, 'RPC_BODY_TOO_LARGE')
  }
  const { maxBatch } = limits
  const calls: unknown[] = Array.isArray(value) ? value : [value]
  if (calls.length > maxBatch) {
    return refuse(JSON_RPC.request, `A batch has at most ${maxBatch} calls.`, 'RPC_BATCH_TOO_LARGE')
  }
  const isForeign = (call: unknown): boolean =>
    typeof call === 'object' && call !== null && Object.keys(call).some(name => !MEMBERS.includes(name))
  if (calls.some(isForeign)) {
    const known = MEMBERS.join(', ')
    return refuse(JSON_RPC.request, `A request has the members ${known} and no others.`, 'RPC_INVALID_REQUEST')
  }
  // A batch within a batch is no call; the library would not answer it.
  return { value: Array.isArray(value) ? calls.map(call => (Array.isArray(call) ? null : call)) : value }
}
