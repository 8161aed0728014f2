import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** What went through. */
export interface Traffic {
  /** Method -> calls, those over WebSockets included. */
  readonly calls: Readonly<Record<string, number>>
  readonly bytes: number // both ways
}

export interface CountedEndpoint {
  readonly url: string
  traffic(): Traffic
  stop(): Promise<void>
}

const METHOD = /"method":"(\w+)"/g
/** As long as what a chunk may cut in two. */
const TAIL = 64

/** A port that passes everything on to an Ethereum node as it is, and counts it. */
export async function countedEndpoint(targetUrl: string): Promise<CountedEndpoint> {
  const target = new URL(targetUrl)
  const sockets = new Set<Socket>()
  const calls: Record<string, number> = {}
  let bytes = 0

  const server = createServer({ noDelay: true }, client => {
    const node = connect({ port: Number(target.port), host: target.hostname, noDelay: true })
    let rest = ''
    client.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      rest += chunk.toString('latin1')
      let end = 0
      for (const match of rest.matchAll(METHOD)) {
        calls[match[1]!] = (calls[match[1]!] ?? 0) + 1
        end = match.index + match[0].length
      }
      rest = rest.slice(Math.max(end, rest.length - TAIL))
    })
    node.on('data', (chunk: Buffer) => (bytes += chunk.length))
    for (const [one, other] of [
      [client, node],
      [node, client]
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    traffic: () => ({ calls: { ...calls }, bytes }),
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })
  }
}
