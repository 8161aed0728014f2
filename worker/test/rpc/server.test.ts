import { expect } from 'chai'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { request } from 'node:http'
import { isDeeperThan } from '../../src/rpc/json-text.ts'
import { isAllowedHost, isAllowedOrigin } from '../../src/rpc/origin.ts'
import type { RpcServer } from '../../src/rpc/rpc-server.ts'
import { codeOf } from '@enigma/protocol'
import { MemoryChain } from '../memory-chain.ts'
import { Running, until } from '../net/network-kit.ts'
import { INFO, MemoryWorker, callText, post, type Answer } from './rpc-kit.ts'

/** Sends bytes as they are and gives what comes back until the server closes. */
async function raw(port: number, text: string, limitMs = 5_000): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', chunk => (received += chunk.toString()))
  socket.on('error', () => undefined)
  socket.write(text)
  await Promise.race([once(socket, 'close'), new Promise(resolve => setTimeout(resolve, limitMs))])
  socket.destroy()
  return received
}

describe('rpc/rpc-server', () => {
  const running = new Running()
  let worker: MemoryWorker
  let server: RpcServer

  beforeEach(async () => {
    worker = new MemoryWorker(new MemoryChain())
    server = await running.start(
      worker.server({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 600, maxBatch: 5 } })
    )
  })
  afterEach(() => running.stop())

  it('answers calls, batches and notifications as JSON-RPC 2.0 has it', async () => {
    const { answer } = await post(server.port, callText('getInfo', undefined, 'an id'))
    expect(answer).to.deep.equal({ jsonrpc: '2.0', id: 'an id', result: INFO })
    const batch = await post(server.port, `[${callText('getInfo', {}, 1)},${callText('nothing', {}, 2)}]`)
    expect(batch.answers.map(a => [a.id, a.error?.code])).to.have.deep.members([
      [1, undefined],
      [2, -32601]
    ])
    expect((await post(server.port, '{"jsonrpc":"2.0","method":"getInfo"}')).status).to.equal(204)
  })

  it('refuses what is no JSON, no request, too deep, too long a batch, or no JSON-RPC', async () => {
    const refusal = async (text: string): Promise<unknown[]> => {
      const { answer } = await post(server.port, text)
      return [answer.error?.code, answer.error?.data?.code]
    }
    expect(await refusal('{')).to.deep.equal([-32700, 'RPC_NOT_JSON'])
    expect(await refusal('7')).to.deep.equal([-32600, 'RPC_INVALID_REQUEST'])
    expect(await refusal('null')).to.deep.equal([-32600, 'RPC_INVALID_REQUEST'])
    expect(await refusal('['.repeat(100_000))).to.deep.equal([-32700, 'RPC_TOO_DEEP'])
    expect(await refusal(`[${Array(6).fill('0').join()}]`)).to.deep.equal([-32600, 'RPC_BATCH_TOO_LARGE'])
    expect((await refusal('{"id":1}'))[0]).to.equal(-32600)
    expect((await refusal('[]'))[0]).to.equal(-32600)
  })

  it('refuses bodies above the limit, whether they say so or not', async () => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"sendTaskInput","params":{"envelope":"0x${'0'.repeat(2 ** 21)}"}}`
    expect((await post(server.port, body)).status).to.equal(413)
    const chunked = request({
      port: server.port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { 'content-type': 'application/json' }
    })
    chunked.on('error', () => undefined)
    chunked.write('{"x":"')
    for (let i = 0; i < 32; i++) chunked.write('0'.repeat(2 ** 16))
    const [response] = (await once(chunked, 'response')) as [{ statusCode: number }]
    expect(response.statusCode).to.equal(413)
    chunked.destroy()
    expect((await post(server.port, callText('getInfo'))).answer.result).to.deep.equal(INFO)
  })

  it('lets pages of this machine in, and no others', async () => {
    const allowed = await post(server.port, callText('getInfo'), { origin: 'http://localhost:8080' })
    expect(allowed.headers.get('access-control-allow-origin')).to.equal('http://localhost:8080')
    expect(allowed.headers.get('access-control-allow-credentials')).to.equal(null)
    for (const origin of [
      'https://evil.example',
      'http://localhost.evil.example:80',
      'null',
      'http://127.0.0.1:80@evil'
    ]) {
      const refused = await post(server.port, callText('getInfo'), { origin })
      expect(refused.status, origin).to.equal(403)
      expect(refused.headers.get('access-control-allow-origin'), origin).to.equal(null)
    }
    const preflight = await fetch(`http://127.0.0.1:${server.port}`, {
      method: 'OPTIONS',
      headers: { origin: 'http://127.0.0.1:8080' }
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).to.deep.equal([
      204,
      'http://127.0.0.1:8080'
    ])
  })

  it('refuses names that were rebound to this address, and forms that a foreign page may send', async () => {
    const answer = await raw(server.port, 'GET /status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    expect(answer)
      .to.match(/^HTTP\/1.1 403/)
      .and.not.to.contain('steps')
    expect((await post(server.port, callText('getInfo'), { 'content-type': 'text/plain' })).status).to.equal(415)
  })

  it('serves /healthcheck and /status', async () => {
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`)
    expect((await get('/healthcheck')).status).to.equal(200)
    worker.healthy = false
    expect((await get('/healthcheck')).status).to.equal(503)
    expect(await (await get('/status')).json()).to.deep.equal({
      steps: [{ name: 'start', state: 'done' }],
      blocks: '12'
    })
    expect((await get('/etc/passwd')).status).to.equal(404)
    expect((await fetch(`http://127.0.0.1:${server.port}/`, { method: 'DELETE' })).status).to.equal(405)
  })

  it('cuts off clients that send their headers or body drop by drop', async () => {
    for (const start of [
      'POST / HTTP/1.1\r\nHost: localhost\r\n',
      `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`
    ]) {
      const answer = await raw(server.port, start)
      expect(answer).to.match(/^HTTP\/1.1 408/)
    }
  })

  it('holds a bounded number of connections per host', async () => {
    const bounded = await running.start(worker.server({ limits: { maxConnectionsPerHost: 8 } }))
    const sockets = Array.from({ length: 12 }, () => connect(bounded.port, '127.0.0.1'))
    const closed = new Set<Socket>()
    for (const socket of sockets) {
      socket.on('error', () => undefined)
      socket.on('close', () => closed.add(socket))
    }
    await until('four were refused', () => closed.size >= 4, 4_000) // before any of them is late with its headers
    for (const socket of sockets) socket.destroy()
    await until('all gone', () => closed.size === 12)
    expect((await post(bounded.port, callText('getInfo'))).answer.result).to.deep.equal(INFO)
  })

  it('answers a call that takes too long, and one that comes too often, with a code', async () => {
    const { tasks, relay } = worker
    const slow = await running.start(
      worker.server({
        limits: { requestTimeoutMs: 100, perSecond: 1, burst: 3, inputsPerSecond: 1, inputsBurst: 1 },
        follow: () => ({ tasks, relay })
      })
    )
    worker.relay.result = () => new Promise(() => {})
    const task = `0x${'00'.repeat(32)}`
    const codes: unknown[] = []
    for (const text of [
      callText('getTaskResult', { taskId: task }),
      callText('sendTaskInput', { envelope: '0x00' }),
      callText('sendTaskInput', { envelope: '0x00' }),
      callText('getInfo')
    ]) {
      codes.push((await post(slow.port, text)).answer.error?.data?.code)
    }
    expect(codes).to.deep.equal(['RPC_TIMEOUT', undefined, 'RPC_BUSY', 'RPC_BUSY'])
  })

  it('bounds how often a host may ask for pages, but not for its health', async () => {
    const pages = { '/metrics': { contentType: 'text/plain', body: () => 'enigma_x 1' } }
    const { port } = await running.start(worker.server({ limits: { pagesPerSecond: 1, pagesBurst: 5 }, pages }))
    const codes: number[] = []
    for (let i = 0; i < 8; i++) {
      const { status, headers } = await fetch(`http://127.0.0.1:${port}${i % 2 === 0 ? '/status' : '/metrics'}`)
      codes.push(status)
      if (status === 429) expect(headers.get('retry-after')).to.equal('1')
    }
    expect(codes.slice(0, 5)).to.deep.equal([200, 200, 200, 200, 200])
    expect(codes.slice(5)).to.include(429)
    for (let i = 0; i < 20; i++) expect((await fetch(`http://127.0.0.1:${port}/healthcheck`)).status).to.equal(200)
    expect((await post(port, callText('getInfo'))).status).to.equal(200) // calls have a bucket of their own
  })

  it('finishes what is under way when it stops, then closes the port', async () => {
    const release = Promise.withResolvers<null>()
    worker.relay.result = () => release.promise
    const pending = post(server.port, callText('getTaskResult', { taskId: `0x${'00'.repeat(32)}` }))
    await new Promise(resolve => setTimeout(resolve, 50))
    const { port } = server
    const stopped = server.stop()
    release.resolve(null)
    expect(((await pending).answer as Answer & { result: unknown }).result).to.equal(null)
    await stopped
    expect(
      await post(port, callText('getInfo')).then(
        () => 'open',
        () => 'closed'
      )
    ).to.equal('closed')
  })

  it('says that its port is taken', async () => {
    expect(await worker.server({ port: server.port }).start().catch(codeOf)).to.equal('NET_ADDRESS')
  })
})

describe('rpc/json-text', () => {
  it('counts brackets outside strings', () => {
    expect(isDeeperThan('[[["]]]]"]]]', 3)).to.equal(false)
    expect(isDeeperThan('[[[[]]]]', 3)).to.equal(true)
    expect(isDeeperThan('"[[[[[["', 1)).to.equal(false)
    expect(isDeeperThan('["\\"[[[["]', 1)).to.equal(false)
    expect(isDeeperThan('{"a":{"b":{}}}', 2)).to.equal(true)
  })
})

describe('rpc/origin', () => {
  it('knows origins by pattern and hosts by name or address', () => {
    expect(isAllowedOrigin('http://localhost', ['http://localhost:*'])).to.equal(true)
    expect(isAllowedOrigin('http://localhost:8080x', ['http://localhost:*'])).to.equal(false)
    expect(isAllowedOrigin('http://localhosta123', ['http://localhost:*'])).to.equal(false)
    expect(isAllowedOrigin('https://dapp.example', ['https://dapp.example'])).to.equal(true)
    for (const host of ['localhost', 'LOCALHOST:3346', '127.0.0.1:3346', '[::1]:3346', '10.0.0.7', 'node.example:1']) {
      expect(isAllowedHost(host, ['node.example']), host).to.equal(true)
    }
    for (const host of [
      undefined,
      '',
      'evil.example',
      'localhost.evil.example',
      'evil.example:3346',
      '127.0.0.1.evil.example'
    ]) {
      expect(isAllowedHost(host, ['node.example']), host).to.equal(false)
    }
  })
})
