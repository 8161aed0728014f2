import { expect } from 'chai'
import { createServer, type AddressInfo } from 'node:net'
import { serveAddress } from '../src/address-page.ts'
import { anyPorts, assertPortsFree, defaultPorts, lastingPeerPort, lastingPort } from '../src/ports.ts'
import { codeThrownBy } from './helpers.ts'

describe('devnet/ports', () => {
  it('are the documented ones, each used once', () => {
    const { chain, principalHttp, principalP2p, enigmaPage, tokenPage, workerHttp, workerP2p } = defaultPorts
    const workers = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    const all = [
      chain,
      principalHttp,
      enigmaPage,
      tokenPage,
      ...workers.map(workerHttp),
      ...[principalP2p, ...workers.map(workerP2p)].flatMap(port => [port, port + 100]) // WebSocket above TCP
    ]
    expect(new Set(all).size).to.equal(all.length)
    expect([chain, principalHttp, principalP2p, workerHttp(1), workerHttp(3), workerP2p(2)]).to.deep.equal([
      8545, 3336, 10300, 3346, 3366, 10302
    ])
  })

  it('gives nodes ports that the operating system gives to nobody', async () => {
    const single = await Promise.all(Array.from({ length: 50 }, () => lastingPort()))
    const peers = await Promise.all(Array.from({ length: 50 }, lastingPeerPort))
    const lasting = [...single, ...peers.flatMap(port => [port, port + 100])]
    expect(new Set(lasting).size).to.equal(150)
    expect(Math.max(...lasting)).to.be.below(32_768)
    const server = createServer()
    await new Promise<void>(resolve => void server.listen(lasting[0], '127.0.0.1', resolve))
    server.close()
  })

  it('names the port that is taken', async () => {
    const server = createServer()
    await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      expect(await codeThrownBy(() => assertPortsFree({ ...anyPorts, chain: port }, 1))).to.equal('DEVNET_PORT_TAKEN')
      await assertPortsFree(anyPorts, 3)
      const below = { ...anyPorts, workerP2p: () => port - 100 } // whose WebSocket port it would be
      expect(await codeThrownBy(() => assertPortsFree(below, 1))).to.equal('DEVNET_PORT_TAKEN')
    } finally {
      server.close()
    }
  })
})

describe('devnet/address-page', () => {
  it('answers with the address as text, to a page of any origin, and to nothing but GET', async () => {
    const page = await serveAddress(0, '0xabc')
    const answer = await fetch(page.url)
    expect(await answer.text()).to.equal('0xabc')
    expect(answer.headers.get('content-type')).to.match(/^text\/plain/)
    expect(answer.headers.get('access-control-allow-origin')).to.equal('*')
    expect((await fetch(page.url, { method: 'POST' })).status).to.equal(405)
    await page.close()
    expect(await codeThrownBy(() => fetch(page.url))).to.be.a('string')
  })
})
