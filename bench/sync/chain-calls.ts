import http from 'node:http'

/** One connection to the chain's node, for whoever makes its blocks: calls are answered in their order. */
export class ChainCalls {
  readonly url: string
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  #nextId = 1

  constructor(url: string) {
    this.url = url
  }

  async call<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T> {
    return (await this.all([[method, ...params]]))[0] as T
  }

  /** Several calls in one body, carried out one after the other. @throws the first error that the node answers with */
  async all(calls: readonly (readonly [method: string, ...params: readonly unknown[]])[]): Promise<unknown[]> {
    const first = this.#nextId
    this.#nextId += calls.length
    const body = calls.map(([method, ...params], i) => ({ jsonrpc: '2.0', id: first + i, method, params }))
    const answers = JSON.parse(await this.#post(JSON.stringify(body))) as {
      id: number
      result?: unknown
      error?: { message: string }
    }[]
    const byId = new Map(answers.map(answer => [answer.id, answer]))
    return calls.map(([method], i) => {
      const answer = byId.get(first + i)
      if (answer === undefined || answer.error) {
        throw new Error(`The chain refused ${method}: ${answer?.error?.message ?? 'no answer'}`)
      }
      return answer.result
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const request = http.request(this.url, { method: 'POST', agent: this.#agent, headers }, response => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')))
        response.on('error', reject)
      })
      request.on('error', reject)
      request.end(body)
    })
  }
}
