import { EnigmaError, ProtocolError, asError, printable, type RpcErrorData, type Hints } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import { NetError, decidingCode } from '../net/errors.ts'
import { SyncError } from '../sync/errors.ts'

/** Everything JSON-RPC throws by itself. One line each in docs/errors.md. */
export type RpcFailure =
  /** A parameter is missing, of another type, or out of range. */
  | { readonly code: 'RPC_INVALID_PARAMS'; readonly field: string }
  | { readonly code: 'RPC_BUSY'; readonly perSecond: number; readonly retryAfterSeconds: number }
  /** The worker did not come to an answer in time. */
  | { readonly code: 'RPC_TIMEOUT'; readonly method: string; readonly limitMs: number }
  | { readonly code: 'RPC_WEBSOCKET_ONLY'; readonly method: string }
  | { readonly code: 'RPC_WRONG_ROLE'; readonly method: string; readonly role: string }
  | { readonly code: 'RPC_TOO_MANY'; readonly what: string; readonly limit: number }
  /** The worker is shutting down. */
  | { readonly code: 'RPC_STOPPING' }

const RPC_HINTS: Hints<RpcFailure['code']> = {
  RPC_INVALID_PARAMS: 'Correct the field that the message names; docs/spec/json-rpc.md has them all.',
  RPC_BUSY: 'Nothing was done. Ask again in a second.',
  RPC_TIMEOUT: 'Ask again, or ask another worker.',
  RPC_WEBSOCKET_ONLY:
    'Connect to the same address with ws:// in place of http://, or ask getTaskStatus from time to time.',
  RPC_WRONG_ROLE: 'Send the request to a node of the right role.',
  RPC_TOO_MANY: 'Unsubscribe from tasks you no longer follow, or open another connection.',
  RPC_STOPPING: 'Ask another worker: this one is shutting down.'
}

export class RpcError extends EnigmaError<RpcFailure> {
  static override get hints(): typeof RPC_HINTS {
    return RPC_HINTS
  }
}

/** Requests that are turned away before they become a call. One line each in docs/errors.md. */
export type RpcRefusalCode =
  /** The request is not JSON in UTF-8. */
  | 'RPC_NOT_JSON'
  /** The JSON of the request is nested too deep. */
  | 'RPC_TOO_DEEP'
  /** The request is not a JSON-RPC request: a member is missing, wrong, or one too many. */
  | 'RPC_INVALID_REQUEST'
  /** The request has another content type than application/json. */
  | 'RPC_CONTENT_TYPE'
  /** The request has too many bytes. */
  | 'RPC_BODY_TOO_LARGE'
  /** The batch holds too many calls. */
  | 'RPC_BATCH_TOO_LARGE'
  /** The answers of a batch are too large together. */
  | 'RPC_TOO_LARGE'
  /** A management call from another machine. */
  | 'MGMT_FORBIDDEN'
  /** A management call that is no POST request. */
  | 'MGMT_METHOD'
  /** A management call without the token, or with a wrong one. */
  | 'MGMT_TOKEN'
  /** There is no such management call. */
  | 'MGMT_ACTION'

export const REFUSAL_HINTS: Hints<RpcRefusalCode> = {
  RPC_NOT_JSON: 'Send a JSON-RPC request; docs/spec/json-rpc.md has examples.',
  RPC_TOO_DEEP: 'Send flat parameters: docs/spec/json-rpc.md has them all.',
  RPC_INVALID_REQUEST: 'Send jsonrpc, id, method and params, and nothing else.',
  RPC_CONTENT_TYPE: 'Set the content type application/json.',
  RPC_BODY_TOO_LARGE:
    'Send less in one request. Bytecode has at most 512 KiB; the method of a deployment stands before its parameters.',
  RPC_BATCH_TOO_LARGE: 'Send fewer calls in one batch.',
  RPC_TOO_LARGE: 'Ask for less in one batch.',
  MGMT_FORBIDDEN: "Call from the worker's own machine, over 127.0.0.1.",
  MGMT_METHOD: 'Send a POST request.',
  MGMT_TOKEN: 'Read the token from mgmt.token in the data folder of the worker.',
  MGMT_ACTION: 'Use one of the actions that the message names.'
}

/** The error member of a JSON-RPC response. */
export interface JsonRpcError {
  readonly code: number
  readonly message: string
  readonly data?: RpcErrorData
}

export const JSON_RPC = { parse: -32700, request: -32600, method: -32601, params: -32602, server: -32000 } as const

/** What a caller is told of a failure: a code, a sentence and a hint if it was thrown on purpose; nothing of it if not. */
export function toJsonRpcError(err: unknown): JsonRpcError {
  if (!(err instanceof EnigmaError)) {
    return {
      code: JSON_RPC.server,
      message: 'The worker failed inside.',
      data: { code: 'INTERNAL', hint: 'Its log says more.' }
    }
  }
  const isParams = err instanceof RpcError && err.code === 'RPC_INVALID_PARAMS'
  const code = decidingCode(err)
  const data = {
    code,
    hint: printable(code === err.code && err.constructor !== EnigmaError ? err.hint : hintFor(code), 300),
    ...(isBusy(err) ? { status: STATUS_BUSY, retryAfterSeconds: err.facts.retryAfterSeconds } : {})
  }
  return { code: isParams ? JSON_RPC.params : JSON_RPC.server, message: printable(err.message, 500), data }
}

/** Of every code that may go out by name: our own, a peer's that speaks for itself, and an enclave's. */
export function hintFor(code: string): string {
  for (const { hints } of [RpcError, WorkerError, SyncError, NetError] as { readonly hints: Hints }[]) {
    if (Object.hasOwn(hints, code)) return hints[code]!
  }
  return Object.hasOwn(REFUSAL_HINTS, code) ? (REFUSAL_HINTS as Hints)[code]! : WorkerError.hints.ENCLAVE_REFUSED
}

/** The documented number of the answer to whoever asks too often. */
export const STATUS_BUSY = 44

const isBusy = (err: unknown): err is RpcError & { facts: { retryAfterSeconds: number } } =>
  err instanceof RpcError && err.code === 'RPC_BUSY'

/** An answer that belongs to no call of a request: it was refused before its content was looked at. */
export const refusalText = (code: number, message: string, data: RpcErrorData): string =>
  JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message, data: { hint: hintFor(data.code), ...data } } })

export function invalidParams(field: string, sentence: string, cause?: unknown): RpcError {
  return new RpcError({ code: 'RPC_INVALID_PARAMS', field }, sentence, {
    hint: 'docs/spec/json-rpc.md lists the parameters of each method.',
    cause
  })
}

/** Runs a reader of foreign text; what it throws becomes a fault of the named field. */
export function reading<T>(field: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof ProtocolError) throw invalidParams(field, `${field}: ${cause.message}`, cause)
    throw asError(cause)
  }
}
