import { expect } from 'chai'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RpcServer } from '../../src/rpc/rpc-server.ts'
import { RPC_LIMITS } from '../../src/rpc/limits.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running, until } from '../net/network-kit.ts'
import { INFO, MemoryWorker, callText, post } from './rpc-kit.ts'

describe('rpc: connections that are misused', function () {
  this.timeout(60_000)
  const running = new Running()
  let worker: MemoryWorker
  let server: RpcServer

  beforeEach(async () => {
    worker = new MemoryWorker(new MemoryChain())
    server = await running.start(worker.server({ limits: { answerTimeoutMs: 1_000 } }))
  })
  afterEach(() => running.stop())
  const stillServes = async (): Promise<void> => {
    expect((await post(server.port, callText('getInfo'))).answer.result).to.deep.equal(INFO)
  }

  async function opened(): Promise<Socket> {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  /** A WebSocket's handshake by hand. */
  async function handshake(host: string): Promise<Socket> {
    const socket = await opened()
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13'
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`)
    return socket
  }

  it('outlives clients that are refused a WebSocket and go away in every wrong way', async () => {
    for (let i = 0; i < 20; i++) {
      const socket = await handshake('evil.example')
      socket.write('x'.repeat(100))
      await sleep(i % 4)
      socket.resetAndDestroy()
    }
    const stays = await handshake('evil.example')
    const [answer] = (await once(stays, 'data')) as [Buffer]
    expect(answer.toString()).to.match(/^HTTP\/1\.1 403 /)
    await until('it is closed, although the client goes on', () => {
      if (!stays.destroyed) stays.write('x')
      return stays.destroyed
    })
    await stillServes()
  })

  it('cuts off a WebSocket client that asks for pongs and never reads them', async () => {
    const socket = await handshake('localhost')
    await once(socket, 'data')
    socket.pause()
    let gone = false
    socket.on('close', () => (gone = true))
    const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)])
    const many = Buffer.concat(Array<Buffer>(1_000).fill(ping))
    const most = 16 * RPC_LIMITS.maxUnsentBytes
    for (let sent = 0; sent < most && !gone; sent += many.length) {
      if (!socket.write(many)) await Promise.race([new Promise(go => socket.once('drain', go)), sleep(1_000)])
      await sleep(1)
    }
    await until('it is cut off', () => gone)
    await stillServes()
  })

  it('lets go of a client that does not read its answer, and of nobody who does', async () => {
    worker.node.info = () => Promise.resolve({ ...INFO, name: 'x'.repeat(64 * 1024) })
    const batch = `[${Array.from({ length: 50 }, (_, i) => callText('getInfo', {}, i)).join(',')}]`
    const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    const socket = await opened()
    socket.pause()
    // More than the buffers of the system take: what it does not read waits in the server.
    for (let i = 0; i < 8; i++) socket.write(`${head}Content-Length: ${batch.length}\r\n\r\n${batch}`)
    let gone = false
    socket.on('close', () => (gone = true))
    await until('it is let go', () => {
      if (!gone) socket.write('\r\n') // a socket that is not read notices its end when it writes
      return gone
    })
    const idle = await opened()
    idle.write(`${head}Content-Length: ${callText('getInfo').length}\r\n\r\n${callText('getInfo')}`)
    await once(idle, 'data')
    await sleep(1_500)
    expect(idle.destroyed).to.equal(false)
    idle.destroy()
  })
})
