import { expect } from 'chai'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { MAX_BYTECODE_BYTES, MAX_ENVELOPE_BYTES } from '@enigma/protocol'
import { RPC_LIMITS } from '../../src/rpc/limits.ts'
import type { RpcServer } from '../../src/rpc/rpc-server.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running } from '../net/network-kit.ts'
import { MemoryWorker, WsClient, callText, post, type Answer } from './rpc-kit.ts'

const MIB = 1024 * 1024
const hex = (bytes: number): string => `0x${'00'.repeat(bytes)}`
const deployment = (bytes: number): { envelope: string; bytecode: string } => ({
  envelope: hex(MAX_ENVELOPE_BYTES),
  bytecode: hex(bytes)
})

describe('rpc/body-room: what a request may have', function () {
  this.timeout(60_000)
  const running = new Running()
  let worker: MemoryWorker
  let server: RpcServer

  beforeEach(async () => {
    worker = new MemoryWorker(new MemoryChain())
    server = await running.start(worker.server())
  })
  afterEach(() => running.stop())

  const refused = ({ error }: Answer, code: string): void => {
    expect(error?.data?.code).to.equal(code)
    expect(error?.data?.hint).to.be.a('string').and.not.be.empty
  }
  /** In pieces, without saying how many there are. */
  const chunked = async (text: string): Promise<Answer> => {
    const sent = request({
      port: server.port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { 'content-type': 'application/json' }
    })
    sent.on('error', () => undefined)
    for (let at = 0; at < text.length; at += 100_000) sent.write(text.slice(at, at + 100_000))
    sent.end()
    const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer>]
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part)
    return JSON.parse(Buffer.concat(parts).toString()) as Answer
  }

  it('takes 512 KiB of bytecode with the largest envelope, by POST and over a WebSocket; not one byte more', async () => {
    const text = callText('deploySecretContract', deployment(MAX_BYTECODE_BYTES))
    expect(text.length).to.be.greaterThan(MIB)
    const client = await WsClient.open(server.port)
    const answers = [
      (await post(server.port, text)).answer,
      await chunked(text),
      await client.call('deploySecretContract', deployment(MAX_BYTECODE_BYTES))
    ]
    for (const { result } of answers) expect(result).to.have.property('stored')
    expect(worker.delivered.map(({ bytecode }) => bytecode!.length)).to.deep.equal(Array(3).fill(MAX_BYTECODE_BYTES))

    const over = deployment(MAX_BYTECODE_BYTES + 1)
    for (const answer of [
      (await post(server.port, callText('deploySecretContract', over))).answer,
      await chunked(callText('deploySecretContract', over)),
      await client.call('deploySecretContract', over)
    ]) {
      expect(answer.error?.code).to.equal(-32602)
      expect(answer.error?.message).to.match(/^bytecode /)
      refused(answer, 'RPC_INVALID_PARAMS')
    }
    client.close()
    expect(worker.delivered).to.have.length(3)
  })

  it('lets nothing but a deployment have more than 1 MiB, whatever it says first', async () => {
    const { envelope, bytecode } = deployment(MAX_BYTECODE_BYTES)
    const params = JSON.stringify({ envelope, bytecode })
    const deploy = callText('deploySecretContract', { envelope, bytecode })
    for (const [name, text] of Object.entries({
      another: callText('sendTaskInput', { envelope, bytecode }),
      batch: `[${deploy}]`,
      'method last': `{"jsonrpc":"2.0","id":1,"params":${params},"method":"deploySecretContract"}`,
      'name within': `{"jsonrpc":"2.0","id":1,"method":"getInfo","params":{"method":"deploySecretContract","a":"${bytecode}"}}`,
      'name twice': `${deploy.slice(0, -1)},"method":"getInfo"}`,
      'name twice in letters of two bytes': `{"jsonrpc":"2.0","id":1,"method":"deploySecretContract","params":["${'\u00e9'.repeat(0.55 * MIB)}"],"method":"getInfo"}`
    })) {
      expect(Buffer.byteLength(text), name).to.be.within(MIB + 1, RPC_LIMITS.maxDeploymentBytes)
      refused((await post(server.port, text)).answer, 'RPC_BODY_TOO_LARGE')
      refused(await chunked(text), 'RPC_BODY_TOO_LARGE')
      const { socket } = await WsClient.open(server.port)
      const over = once(socket, 'close').then(([code]) => code as number)
      const said = once(socket, 'message').then(([data]) => JSON.parse((data as Buffer).toString()) as Answer)
      socket.send(text)
      const outcome = await Promise.race([over, said])
      if (typeof outcome === 'number') expect(outcome, name).to.equal(1009)
      else refused(outcome, 'RPC_BODY_TOO_LARGE')
      socket.terminate()
    }
    expect(worker.delivered).to.be.empty
    expect((await post(server.port, callText('getInfo').padEnd(MIB))).answer.result, '1 MiB to the byte').to.be.an(
      'object'
    )
    const more = await post(server.port, callText('getInfo').padEnd(MIB + 1))
    expect(more.status).to.equal(413)
    refused(more.answer, 'RPC_BODY_TOO_LARGE')
  })

  it('turns a longer one away by its first bytes, before the rest is sent', async () => {
    for (const [start, length] of [
      [callText('getInfo').padEnd(1024), MIB + 1],
      [callText('deploySecretContract').padEnd(1024), RPC_LIMITS.maxDeploymentBytes + 1]
    ] as const) {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('error', () => undefined)
      const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
      socket.write(`${head}Content-Length: ${length}\r\n\r\n${start}`)
      let answer = ''
      socket.on('data', (data: Buffer) => (answer += data.toString()))
      await once(socket, 'close')
      expect(answer).to.match(/^HTTP\/1\.1 413 .*hint.*RPC_BODY_TOO_LARGE/s)
    }
  })
})
