import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RpcMethods } from '@enigma/protocol'

/** What a worker answers in one test; a thrown `{code, message}` becomes a JSON-RPC error. */
export type Handlers = {
  [M in Exclude<keyof RpcMethods, 'subscribeTask' | 'unsubscribeTask'>]?: (
    params: RpcMethods[M][0]
  ) => RpcMethods[M][1] | Promise<RpcMethods[M][1]>
}

export class Refusal extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export interface WorkerServer {
  readonly url: string
  readonly calls: string[]
  handlers: Handlers
  close(): Promise<void>
}

/** A JSON-RPC server over HTTP on a free port of loopback. */
export async function serveWorker(handlers: Handlers): Promise<WorkerServer> {
  const calls: string[] = []
  const server: Server = createServer((request, response) => {
    answer(request).then(
      reply => {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(reply))
      },
      () => response.writeHead(400).end() // no JSON-RPC, such as a WebSocket's handshake
    )
  })
  const answer = async (request: IncomingMessage): Promise<object> => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { id, method, params } = JSON.parse(text) as { id: number; method: keyof Handlers; params: never }
    calls.push(method)
    try {
      const handler = worker.handlers[method] as ((given: unknown) => unknown) | undefined
      if (handler === undefined) throw new Refusal('METHOD_UNKNOWN', `There is no method ${method}.`)
      return { jsonrpc: '2.0', id, result: await handler(params) }
    } catch (error) {
      const { code, message } = error as Refusal
      return { jsonrpc: '2.0', id, error: { code: -32000, message, data: { code } } }
    }
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const worker: WorkerServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    handlers,
    close: () => new Promise(resolve => (server.closeAllConnections(), server.close(() => resolve())))
  }
  return worker
}
