import type { RpcErrorData, RpcMethods } from '@enigma/protocol'
import { printable } from '@enigma/protocol'
import { ClientError, WorkerRefusal, quoted } from '../errors.ts'
import { isAbort } from '../waiting.ts'

/** Methods that one question and one answer suffice for. */
export type HttpMethod = Exclude<keyof RpcMethods, 'subscribeTask' | 'unsubscribeTask'>

export interface RpcCallOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** A worker waits up to a second for keys and relays to other workers; then it answers. */
const RPC_TIMEOUT_MS = 15_000
/** The largest answer is a result: 64 KiB as hex. */
const MAX_ANSWER_BYTES = 1024 * 1024

interface RpcReply {
  readonly result?: unknown
  readonly error?: { readonly code?: number; readonly message?: string; readonly data?: Partial<RpcErrorData> }
}

let lastId = 0

/**
 * One JSON-RPC call over HTTP. The result has the right type only as far as the worker is honest: check what you use.
 *
 * @throws WORKER_UNREACHABLE, WORKER_ANSWER_WRONG, or a WorkerRefusal with the worker's own code.
 */
export async function callWorker<M extends HttpMethod>(
  url: string,
  method: M,
  params: RpcMethods[M][0],
  { timeoutMs = RPC_TIMEOUT_MS, signal }: RpcCallOptions = {}
): Promise<RpcMethods[M][1]> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const body = JSON.stringify({ jsonrpc: '2.0', id: ++lastId, method, params })
  let reply: RpcReply
  try {
    const post = (): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout
      })
    const response = await post().catch((error: unknown) => {
      if (isCutOff(error)) return post()
      throw error
    })
    reply = JSON.parse(await readBounded(response, url)) as RpcReply
  } catch (cause) {
    if (isAbort(cause, signal) || cause instanceof ClientError) throw cause
    if (cause instanceof SyntaxError) throw wrongAnswer(url, `${method} was answered with something other than JSON`)
    throw new ClientError(
      { code: 'WORKER_UNREACHABLE', url },
      timeout.aborted
        ? `The worker at ${url} did not answer ${method} within ${timeoutMs} ms.`
        : `No worker answers at ${url}.`,
      { cause }
    )
  }
  if (typeof reply !== 'object' || reply === null) throw wrongAnswer(url, `${method} was not answered with an object`)
  if (reply.error !== undefined) throw refusal(url, method, reply.error)
  if (reply.result === undefined) throw wrongAnswer(url, `${method} was answered without a result`)
  return reply.result as RpcMethods[M][1]
}

/**
 * As a connection that was kept open, and that the worker or something between closed the moment it was used again. Browsers
 * repeat such a call by themselves, Node.js does not. Every method may be called twice.
 */
function isCutOff(error: unknown): boolean {
  const { code } = ((error as { cause?: unknown } | null)?.cause ?? {}) as { code?: unknown }
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET'
}

export function wrongAnswer(url: string, what: string, cause?: unknown): ClientError {
  return new ClientError(
    { code: 'WORKER_ANSWER_WRONG', url, what },
    `The worker at ${url} gave a wrong answer: ${what}.`,
    { cause }
  )
}

function refusal(url: string, method: string, error: NonNullable<RpcReply['error']>): Error {
  const code = error.data?.code
  const sentence = quoted(error.message ?? 'no reason given')
  if (typeof code !== 'string' || !/^[A-Z][A-Z0-9_]{1,63}$/.test(code))
    return wrongAnswer(url, `${method}: ${sentence}`)
  const hint = typeof error.data?.hint === 'string' ? { hint: printable(error.data.hint, 300) } : {}
  return new WorkerRefusal(code, url, method, sentence, hint)
}

/** The body as text, read no further than an honest answer can be long. */
async function readBounded(response: Response, url: string): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    length += value.length
    if (length > MAX_ANSWER_BYTES) {
      await reader.cancel()
      throw wrongAnswer(url, `it is longer than ${MAX_ANSWER_BYTES} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
}
