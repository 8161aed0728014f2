import { expect } from 'chai'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  droppingLogs,
  flapping,
  honest,
  otherChain,
  randomOf,
  startRpcFront,
  wrongBlocks,
  type RpcFront
} from '../src/index.ts'

describe('faults/rpc-front', () => {
  let server: Server
  let front: RpcFront
  let served: string[]

  beforeEach(async () => {
    served = []
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        const { id, method } = JSON.parse(body) as { id: number; method: string }
        served.push(method)
        const result = method === 'eth_getLogs' ? Array.from({ length: 100 }, (_, i) => ({ i })) : { hash: '0x01' }
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
      })
    })
    await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
    front = await startRpcFront(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(async () => {
    await front.stop()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })

  const call = (method: string, signal = AbortSignal.timeout(5_000)): Promise<Response> =>
    fetch(front.url, { method: 'POST', signal, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [7] }) })
  const result = async (method: string): Promise<unknown> =>
    ((await (await call(method)).json()) as { result: unknown }).result

  it('passes calls on and keeps a list of them', async () => {
    expect(await result('eth_x')).to.deep.equal({ hash: '0x01' })
    expect(front.calls).to.deep.equal([{ method: 'eth_x', params: [7], number: 0 }])
  })

  it('tells of another chain from a block on, which fits together whenever it is asked', () => {
    const plan = otherChain(randomOf(1), 7)
    const tell = (method: string, truth: unknown): unknown => {
      const fault = plan({ method, params: [], number: 0 })
      return fault.kind === 'lie' ? fault.result(truth) : truth
    }
    const block = (number: number): { hash: string; parentHash: string } =>
      tell('eth_getBlockByNumber', { number: `0x${number.toString(16)}`, hash: `h${number}`, parentHash: `h${number - 1}` }) as never // prettier-ignore
    expect([block(6).hash, block(7).parentHash]).to.deep.equal(['h6', 'h6'])
    const told = block(7).hash
    expect(told).to.match(/^0x[0-9a-f]{64}$/)
    expect([block(7).hash, block(8).parentHash]).to.deep.equal([told, told])
    const [log] = tell('eth_getLogs', [{ blockNumber: '0x7', blockHash: 'h7' }]) as { blockHash: string }[]
    expect(log!.blockHash).to.equal(told)
  })

  it('answers with a status or a page, and the node hears nothing', async () => {
    front.behave(() => ({ kind: 'status', status: 429, retryAfterS: 3 }))
    const refused = await call('eth_x')
    expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([429, '3'])
    front.behave(() => ({ kind: 'html' }))
    expect(await (await call('eth_x')).text()).to.contain('<h1>')
    expect(served).to.deep.equal([])
    expect(front.faults).to.deep.equal({ status: 1, html: 1 })
  })

  it('loses the answer to a call that the node has done', async () => {
    front.behave(() => ({ kind: 'lose-answer' }))
    expect(await call('eth_x').then(() => 'answered', () => 'lost')).to.equal('lost') // prettier-ignore
    expect(served).to.deep.equal(['eth_x'])
  })

  it('cuts an answer in the middle, resets, and hangs', async () => {
    for (const kind of ['truncate', 'reset'] as const) {
      front.behave(() => ({ kind }))
      expect(await result('eth_x').then(() => 'answered', () => 'lost')).to.equal('lost') // prettier-ignore
    }
    front.behave(() => ({ kind: 'hang' }))
    const hung = await call('eth_x', AbortSignal.timeout(100)).catch((error: Error) => error.name)
    expect(hung).to.equal('TimeoutError')
    front.behave(honest)
    expect((await call('eth_x')).status).to.equal(200)
  })

  it('leaves out a share of the logs, and tells which', async () => {
    let dropped = 0
    front.behave(droppingLogs(randomOf(5), 0.2, () => dropped++))
    const logs = (await result('eth_getLogs')) as unknown[]
    expect(logs.length + dropped).to.equal(100)
    expect(dropped).to.be.within(5, 40)
  })

  it('tells of blocks that are not', async () => {
    front.behave(wrongBlocks(randomOf(6), 1))
    expect(await result('eth_getBlockByNumber')).to.not.deep.equal({ hash: '0x01' })
    expect(await result('eth_chainId')).to.deep.equal({ hash: '0x01' })
  })

  it('flaps in every way, the same for the same seed', () => {
    const kinds = (seed: number): string[] => {
      const plan = flapping(randomOf(seed), 0.5)
      return Array.from({ length: 200 }, (_, number) => plan({ method: 'm', params: [], number }).kind)
    }
    expect(kinds(1)).to.deep.equal(kinds(1))
    expect(new Set(kinds(1))).to.have.property('size', 7)
    expect(kinds(1)).to.not.deep.equal(kinds(2))
  })
})
