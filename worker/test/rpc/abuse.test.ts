import { expect } from 'chai'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { RpcServer } from '../../src/rpc/rpc-server.ts'
import { RPC_LIMITS } from '../../src/rpc/limits.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running, until } from '../net/network-kit.ts'
import { CORNERS } from './json-corpus.ts'
import { INFO, MemoryWorker, WsClient, callText, post } from './rpc-kit.ts'

const TASK = `0x${'00'.repeat(32)}`

describe('rpc: abuse of a running server', function () {
  this.timeout(60_000)
  const running = new Running()
  let worker: MemoryWorker
  let server: RpcServer

  beforeEach(async () => {
    worker = new MemoryWorker(new MemoryChain())
    server = await running.start(worker.server({ limits: { perSecond: 1e6, burst: 1e6 } }))
  })
  afterEach(() => running.stop())
  const stillServes = async (): Promise<void> => {
    expect((await post(server.port, callText('getInfo'))).answer.result).to.deep.equal(INFO)
  }

  it('has the bounds that the security rules name', () => {
    expect(RPC_LIMITS).to.include({
      maxBodyBytes: 1024 * 1024,
      maxDeploymentBytes: 2 * (512 + 72) * 1024 + 4 * 1024,
      maxBatch: 50,
      maxResponseBytes: 5 * 1024 * 1024,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 30_000,
      maxConnectionsPerHost: 64,
      maxConnections: 1_000
    })
  })

  it(`answers ${CORNERS.length} corners of JSON in all ${3 * CORNERS.length} places as the standard has them`, async () => {
    for (const { name, bytes, valid } of CORNERS) {
      const whole = (await post(server.port, bytes)).answer
      const inside = async (before: string, after: string): Promise<number | undefined> => {
        const text = Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)])
        return (await post(server.port, text)).answer.error?.code
      }
      if (!valid) {
        expect(whole.error?.code, name).to.equal(-32700)
        expect(whole.error?.data?.code, name).to.equal('RPC_NOT_JSON')
      } else if (!name.trim().startsWith('[')) expect(whole.error?.code, name).to.equal(-32600)
      // Some texts that are no values make other JSON of what stands around them: then it must not be a call that works.
      const asParams = await inside('{"jsonrpc":"2.0","id":1,"method":"getTaskStatus","params":', '}')
      expect(asParams, `params ${name}`).to.be.oneOf(valid ? [-32602, -32600] : [-32700, -32602, -32600])
      const asMember = await inside('{"jsonrpc":"2.0","id":1,"method":"getInfo","__proto__":', '}')
      expect(asMember, `member ${name}`).to.be.oneOf([-32700, -32600])
    }
    await stillServes()
  })

  it('refuses nesting a million deep, in any bracket, in time', async () => {
    for (const open of ['[', '{"a":', '[{"a":']) {
      const text = open.repeat(Math.floor((1024 * 1024 - 8) / open.length))
      const { answer } = await post(server.port, text)
      expect(answer.error?.data?.code, open).to.equal('RPC_TOO_DEEP')
    }
    const deep = (depth: number): string =>
      `{"jsonrpc":"2.0","id":1,"method":"getInfo","params":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect((await post(server.port, deep(31))).answer.error?.code).to.equal(-32602)
    expect((await post(server.port, deep(32))).answer.error?.data?.code).to.equal('RPC_TOO_DEEP')
    await stillServes()
  })

  it('takes in no more than its limit of a body of 100 MiB', async () => {
    const declared = connect(server.port, '127.0.0.1')
    declared.on('error', () => undefined)
    const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    declared.write(`${head}Content-Length: ${100 * 1024 * 1024}\r\n\r\n{`)
    const [answer] = (await once(declared, 'data')) as [Buffer]
    expect(answer.toString()).to.match(/^HTTP\/1\.1 413 .*RPC_BODY_TOO_LARGE/s)
    await once(declared, 'close')

    const before = process.memoryUsage().arrayBuffers
    const chunked = request({
      port: server.port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { 'content-type': 'application/json' }
    })
    chunked.on('error', () => undefined)
    let over = false
    const ended = new Promise<number>(resolve => {
      chunked.on('response', response => resolve(response.statusCode ?? 0))
      chunked.on('close', () => resolve(0))
    }).finally(() => (over = true))
    const chunk = Buffer.alloc(64 * 1024, 0x20)
    let sent = 0
    while (sent < 100 * 1024 * 1024 && !over) {
      sent += chunk.length
      chunked.write(chunk)
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(await ended).to.be.oneOf([413, 0])
    expect(sent).to.be.lessThan(50 * 1024 * 1024)
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(50 * 1024 * 1024)
    chunked.destroy()
    await stillServes()
  })

  it('refuses a batch of 10,000 whole, and does none of its calls', async () => {
    const batch = `[${Array(10_000).fill('{"jsonrpc":"2.0","id":1,"method":"getInfo"}').join(',')}]`
    expect((await post(server.port, batch)).answer.error?.data?.code).to.equal('RPC_BATCH_TOO_LARGE')
    const many = `[${Array.from({ length: 51 }, (_, i) => callText('sendTaskInput', { envelope: '0x00' }, i)).join(',')}]`
    expect((await post(server.port, many)).answer.error?.data?.code).to.equal('RPC_BATCH_TOO_LARGE')
    expect(worker.delivered).to.be.empty
    const most = `[${Array.from({ length: 50 }, (_, i) => callText('getInfo', {}, i)).join(',')}]`
    expect((await post(server.port, most)).answers).to.have.length(50)
  })

  it('bounds an answer item by item', async () => {
    const bounded = await running.start(worker.server({ limits: { maxResponseBytes: 2_500 } }))
    const batch = `[${Array.from({ length: 5 }, (_, i) => callText('getInfo', {}, i)).join(',')}]`
    const { answers } = await post(bounded.port, batch)
    const codes = answers.map(({ id, error }) => [id, error?.data?.code])
    expect(codes).to.have.length(5)
    expect(codes.filter(([, code]) => code === undefined).length).to.be.greaterThan(0)
    expect(codes.filter(([, code]) => code === 'RPC_TOO_LARGE').length).to.be.greaterThan(0)
  })

  it('knows no methods, members or parameters but its own', async () => {
    for (const method of [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'rpc.',
      'getinfo',
      '',
      'getInfo '
    ]) {
      expect((await post(server.port, callText(method))).answer.error?.code, method).to.equal(-32601)
    }
    for (const text of [
      '{"jsonrpc":"2.0","id":1,"method":"getInfo","extra":1}',
      '{"jsonrpc":"2.0","id":1,"method":"getInfo","constructor":{"prototype":{"polluted":1}}}',
      '{"jsonrpc":"2.0","id":1,"method":"getInfo","__proto__":{"polluted":1}}',
      '[{"jsonrpc":"2.0","id":1,"method":"getInfo"},{"jsonrpc":"2.0","id":2,"method":"getInfo","auth":"x"}]'
    ]) {
      expect((await post(server.port, text)).answer.error?.code, text).to.equal(-32600)
    }
    const params =
      '{"jsonrpc":"2.0","id":1,"method":"getTaskStatus","params":{"taskId":"0x","__proto__":{"polluted":1}}}'
    expect((await post(server.port, params)).answer.error?.code).to.equal(-32602)
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined)
    for (const bad of ['{"jsonrpc":"1.0","id":1,"method":"getInfo"}', '{"id":1,"method":"getInfo"}']) {
      expect((await post(server.port, bad)).answer.error?.code, bad).to.equal(-32600)
    }
    expect((await post(server.port, '{"jsonrpc":"2.0","id":{},"method":"getInfo"}')).answer.error?.code).to.equal(
      -32600
    )
  })

  it('answers 44 with a time to wait to whoever asks too often, does nothing for it, and serves others', async () => {
    const tight = await running.start(worker.server({ limits: { perSecond: 1, burst: 2 } }))
    const input = callText('sendTaskInput', { envelope: '0x00' })
    for (let i = 0; i < 2; i++) expect((await post(tight.port, input)).status).to.equal(200)
    expect(worker.delivered).to.have.length(2)
    const refused = await post(tight.port, input)
    expect(refused.status).to.equal(429)
    expect(refused.headers.get('retry-after')).to.equal('1')
    expect(refused.answer.error?.data).to.include({ code: 'RPC_BUSY', status: 44, retryAfterSeconds: 1 })
    const batch = await post(tight.port, `[${input},${callText('getInfo', {}, 2)}]`)
    expect(batch.answers.map(({ error }) => error?.data?.code)).to.deep.equal(['RPC_BUSY', 'RPC_BUSY'])
    expect(worker.delivered).to.have.length(2)
    const other = request({ port: tight.port, host: '127.0.0.1', localAddress: '127.0.0.9', path: '/healthcheck' })
    other.end()
    const [response] = (await once(other, 'response')) as [{ statusCode: number; resume(): void }]
    response.resume()
    expect(response.statusCode).to.equal(200)
  })

  it('counts queries of a host with its inputs, whatever keys sign them', async () => {
    const tight = await running.start(worker.server({ limits: { inputsPerSecond: 1, inputsBurst: 2 } }))
    let asked = 0
    worker.answerQuery = () => Promise.reject(new Error(`no answer to ${++asked}`))
    const query = { envelope: '0x00', notAfter: 1, signature: `0x${'00'.repeat(65)}` }
    const codes: (string | undefined)[] = []
    for (let i = 0; i < 3; i++)
      codes.push((await post(tight.port, callText('queryContract', query))).answer.error?.data?.code)
    expect(codes).to.deep.equal(['INTERNAL', 'INTERNAL', 'RPC_BUSY'])
    expect(asked).to.equal(2)
    expect((await post(tight.port, callText('sendTaskInput', { envelope: '0x00' }))).status).to.equal(429)
    expect((await post(tight.port, callText('getInfo'))).status).to.equal(200)
  })

  it('follows a key that signs from host to host', async () => {
    const keyed = await running.start(
      worker.server({
        keyOf: method => (method === 'getTaskResult' ? 'alice' : null),
        limits: { keyPerSecond: 1, keyBurst: 2 }
      })
    )
    const ask = (localAddress: string): Promise<string | undefined> =>
      new Promise((resolve, reject) => {
        const asked = request(
          {
            port: keyed.port,
            host: '127.0.0.1',
            localAddress,
            method: 'POST',
            headers: { 'content-type': 'application/json' }
          },
          response => {
            let text = ''
            response.on('data', chunk => (text += String(chunk)))
            response.on('end', () =>
              resolve((JSON.parse(text) as { error?: { data: { code: string } } }).error?.data.code)
            )
          }
        )
        asked.on('error', reject)
        asked.end(callText('getTaskResult', { taskId: TASK }))
      })
    const codes = [await ask('127.0.0.2'), await ask('127.0.0.3'), await ask('127.0.0.4')]
    expect(codes).to.deep.equal([undefined, undefined, 'RPC_BUSY'])
    expect((await post(keyed.port, callText('getInfo'))).answer.error).to.equal(undefined)
  })

  it('serves honest clients while 500 sockets send their headers, bodies or nothing drop by drop', async () => {
    const slow = await running.start(worker.server({ limits: { headersTimeoutMs: 1_500, requestTimeoutMs: 2_500 } }))
    const starts = [
      'POST / HTTP/1.1\r\nHost: localhost\r\nX-A: ',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
      ''
    ]
    const sockets = Array.from({ length: 500 }, (_, i): Socket => {
      const socket = connect({ port: slow.port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (i % 10)}` })
      socket.on('error', () => undefined)
      socket.on('connect', () => socket.write(starts[i % 3]!))
      return socket
    })
    const drip = setInterval(() => sockets.forEach(socket => socket.writable && socket.write('a')), 100)
    try {
      let answered = 0
      const closed = (): number => sockets.filter(socket => socket.destroyed).length
      while (closed() < sockets.length && answered < 2_000) {
        expect((await post(slow.port, callText('getInfo'))).answer.result).to.deep.equal(INFO)
        answered += 1
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      expect(answered, 'served while they were connected').to.be.greaterThan(0)
      await until('all slow clients are gone', () => closed() === sockets.length, 20_000)
    } finally {
      clearInterval(drip)
      for (const socket of sockets) socket.destroy()
    }
  })

  it('says nothing of secrets, paths or insides in an error', async () => {
    worker.relay.result = () => Promise.reject(new Error('ENOENT /data/node-7/sealed/key 0xdeadbeef'))
    const { answer } = await post(server.port, callText('getTaskResult', { taskId: TASK }))
    expect(answer.error?.data?.code).to.equal('INTERNAL')
    expect(JSON.stringify(answer)).to.not.match(/node-7|sealed|deadbeef|ENOENT|\.ts|at /)
  })

  it('closes a WebSocket for bad UTF-8 or too large a message, and answers deep nesting', async () => {
    const client = await WsClient.open(server.port)
    const closed = once(client.socket, 'close') as Promise<[number]>
    const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]) // text of two bytes that are no UTF-8
    ;(client.socket as unknown as { _socket: Socket })._socket.write(frame)
    expect((await closed)[0]).to.equal(1007)
    const other = await WsClient.open(server.port)
    other.socket.send('['.repeat(100_000))
    await once(other.socket, 'message')
    expect(other.received[0]?.error?.data?.code).to.equal('RPC_TOO_DEEP')
    const gone = once(other.socket, 'close') as Promise<[number]>
    other.socket.send('x'.repeat(1024 * 1024 + 1))
    expect((await gone)[0]).to.equal(1009)
  })
})
