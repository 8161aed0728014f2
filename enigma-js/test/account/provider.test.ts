import { expect } from 'chai'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openProvider } from '../../src/account/provider.ts'
import { codeOfRefusal } from '../support/refused.ts'

interface Endpoint {
  readonly url: string
  calls: number
  /** What is answered; null: the connection is cut. */
  act: (method: string) => unknown
  readonly server: Server
}

describe('enigma-js/account/provider', () => {
  const endpoints: Endpoint[] = []
  afterEach(() => {
    for (const { server } of endpoints.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
  })

  async function endpoint(chainId = '0x7a69', block = '0x10'): Promise<Endpoint> {
    const made = { url: '', calls: 0 } as { -readonly [K in keyof Endpoint]: Endpoint[K] }
    made.act = method => (method === 'eth_chainId' ? chainId : block)
    made.server = createServer((request, response) => {
      let text = ''
      request.on('data', chunk => (text += String(chunk)))
      request.on('end', () => {
        const asked = [JSON.parse(text) as { id: number; method: string } | { id: number; method: string }[]].flat()
        made.calls += asked.length
        const results = asked.map(({ id, method }) => ({ jsonrpc: '2.0', id, result: made.act(method) }))
        if (results.some(({ result }) => result === null)) return request.socket.destroy()
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(results.length === 1 ? results[0] : results))
      })
    })
    await new Promise<void>(done => made.server.listen(0, '127.0.0.1', done))
    made.url = `http://127.0.0.1:${(made.server.address() as AddressInfo).port}`
    endpoints.push(made)
    return made
  }

  it('speaks to the first endpoint, and to the next when it fails', async () => {
    const [first, second] = [await endpoint(), await endpoint('0x7a69', '0x11')]
    const provider = await openProvider(`${first.url},${second.url}`)
    try {
      expect(await provider.getBlockNumber()).to.equal(16)
      expect(second.calls).to.equal(1) // its chain id
      first.act = () => null
      expect(await provider.getBlockNumber()).to.equal(17)
      expect(await provider.getBlockNumber()).to.equal(17)
      second.act = () => null
      first.act = () => '0x12'
      expect(await provider.getBlockNumber()).to.equal(18)
    } finally {
      provider.destroy()
    }
  })

  it('asks again after a pause when all have failed, but sends a transaction once', async () => {
    const [only] = [await endpoint()]
    const provider = await openProvider(only.url)
    try {
      let cuts = 2
      only.act = () => (cuts-- > 0 ? null : '0x13')
      expect(await provider.getBlockNumber()).to.equal(19)

      only.calls = 0
      only.act = () => null
      const lost = await provider.send('eth_sendRawTransaction', ['0x00']).catch((error: unknown) => error)
      expect(lost).to.be.instanceOf(Error)
      expect(only.calls).to.equal(1)
      expect(await provider.getBlockNumber().catch(() => 'gave up')).to.equal('gave up')
      expect(only.calls).to.equal(4)
    } finally {
      provider.destroy()
    }
  })

  it('opens while one of them is away, and not when none is there or they are of different chains', async () => {
    const [first, other] = [await endpoint(), await endpoint('0x1')]
    const provider = await openProvider(`http://127.0.0.1:1, ${first.url}`)
    expect(await provider.getBlockNumber()).to.equal(16)
    provider.destroy()
    expect(await codeOfRefusal(openProvider('http://127.0.0.1:1'))).to.equal('CHAIN_UNREACHABLE')
    expect(await codeOfRefusal(openProvider(`${first.url},${other.url}`))).to.equal('CHAIN_FOREIGN')
  })
})
