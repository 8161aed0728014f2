import { expect } from 'chai'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { postJson } from '../../src/chain/http-post.ts'
import { until } from '../net/network-kit.ts'

describe('chain/http-post', () => {
  const sockets: Socket[] = []
  let signal: AbortSignal
  let asked: string[]
  let server: Server
  let url: string

  beforeEach(async () => {
    signal = AbortSignal.timeout(20_000)
    asked = []
    server = createServer((request, response) => {
      let body = ''
      request.on('data', part => (body += String(part)))
      request.on('end', () => {
        asked.push(body)
        response.statusCode = 418
        response.end(`"${body}"`)
      })
    })
    server.on('connection', socket => sockets.push(socket))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
    sockets.splice(0)
  })

  it('keeps its connection for the next question', async () => {
    for (const body of ['a', 'b', 'ä']) {
      expect(await postJson(url, body, 10, signal)).to.deep.equal({ status: 418, text: `"${body}"` })
    }
    expect(asked).to.deep.equal(['a', 'b', 'ä'])
    expect(sockets).to.have.length(1)
  })

  it('asks anew when the node closes an idle connection in the moment it is used again', async () => {
    await postJson(url, 'a', 10, signal)
    const idle = sockets[0]!
    idle.on('data', () => undefined).removeAllListeners('data')
    idle.once('data', () => idle.resetAndDestroy()) // instead of an answer
    expect((await postJson(url, 'b', 10, signal)).text).to.equal('"b"')
    await until('on another connection', () => sockets.length === 2)
    expect(asked).to.deep.equal(['a', 'b'])
  })

  it('ends with its signal, and takes no more bytes than it may', async () => {
    const stopped = new AbortController()
    server.removeAllListeners('request')
    server.on('request', () => stopped.abort(new Error('called off')))
    expect(await postJson(url, 'a', 10, stopped.signal).catch(String)).to.equal('Error: called off')
    expect(await postJson(url, 'a', 10, stopped.signal).catch(String)).to.equal('Error: called off')
    server.removeAllListeners('request')
    server.on('request', (_request, response) => response.end('12345678901'))
    expect(await postJson(url, 'a', 10, signal).catch(String)).to.match(/larger than 10 bytes/)
  })
})
